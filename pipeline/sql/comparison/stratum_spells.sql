-- grain: one row a spell of the measure asked for, told apart by lead class and direction together
-- view
SELECT
    s.un_location_code,
    concat(s.lead_class, ' ', coalesce(s.direction, 'none')) AS lead_class,
    s.direction,
    s.began_at,
    s.ended_at,
    s.seen_until,
    s.is_left_out
FROM measured_spells AS s
