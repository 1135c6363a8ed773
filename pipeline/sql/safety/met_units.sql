-- grain: one row a visit that the window of its port meets, with what its batches make of it
WITH asked_of AS (
    SELECT
        (SELECT count(*) FROM wanted_classes) = 0 AS any_class,
        (SELECT count(*) FROM wanted_directions) = 0 AS any_direction
)

SELECT
    row_number() OVER (ORDER BY u.arrived_at, u.un_location_code, u.equipment_reference) AS visit_id,
    u.batch_id,
    u.un_location_code,
    u.equipment_reference,
    u.consignment_id,
    u.facility_code,
    u.direction,
    u.lead_class,
    u.hazard_rank,
    u.arrived_at,
    u.left_at,
    u.overdue_at,
    (a.any_class OR c.code IS NOT NULL) AND (a.any_direction OR d.direction IS NOT NULL) AS is_wanted
FROM unit_stays AS u
INNER JOIN span_windows AS s ON s.un_location_code = u.un_location_code
CROSS JOIN params AS p
CROSS JOIN asked_of AS a
LEFT JOIN wanted_classes AS c ON c.code = u.lead_class
LEFT JOIN wanted_directions AS d ON d.direction = u.direction
WHERE
    u.arrived_at <= p.as_of
    AND (s.until_at IS NULL OR u.arrived_at < s.until_at)
    AND (s.from_at IS NULL OR u.left_at IS NULL OR u.left_at > s.from_at)
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR u.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
