-- grain: one row a spell, told apart by its stratum of the national mix: lead class and direction, or the pool of the rare
-- view
SELECT
    s.un_location_code,
    coalesce(t.stratum, 'pooled') AS lead_class,
    s.direction,
    s.began_at,
    s.ended_at,
    s.seen_until,
    s.is_left_out
FROM stratum_spells AS s
LEFT JOIN strata AS t ON t.class_and_direction = s.lead_class
