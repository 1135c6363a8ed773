-- grain: one row a unit of count that arrived before the window's end and did not leave before its start
SELECT
    s.consignment_id,
    s.un_location_code,
    s.facility_code,
    s.direction,
    s.lead_class,
    s.units,
    s.arrived_at,
    s.left_at,
    (unix_micros(s.left_at) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE) AS dwell_hours,
    CASE
        WHEN s.left_at IS NULL
            THEN (unix_micros(p.as_of) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE)
    END AS age_hours,
    s.limit_hours,
    s.limit_rule_id,
    s.overdue_at,
    coalesce(s.left_at IS NULL AND s.overdue_at <= p.as_of, FALSE) AS is_overdue,
    s.exit_type,
    s.limit_is_illustrative,
    s.equipment_reference
FROM counted AS s
INNER JOIN asked_windows AS w ON w.un_location_code = s.un_location_code
CROSS JOIN params AS p
WHERE
    (w.until_at IS NULL OR s.arrived_at < w.until_at)
    AND (w.from_at IS NULL OR s.left_at IS NULL OR s.left_at >= w.from_at)
ORDER BY s.arrived_at, s.un_location_code, s.consignment_id NULLS LAST, s.equipment_reference NULLS LAST
