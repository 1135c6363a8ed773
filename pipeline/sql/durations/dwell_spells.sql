-- grain: one row a unit of count: from its arrival to its exit, or to as_of while it is open
-- view
SELECT
    s.un_location_code,
    s.lead_class,
    s.direction,
    s.arrived_at AS began_at,
    s.left_at AS ended_at,
    coalesce(s.left_at, p.as_of) AS seen_until,
    FALSE AS is_left_out
FROM counted AS s
CROSS JOIN params AS p
WHERE s.arrived_at <= p.as_of
