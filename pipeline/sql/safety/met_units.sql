-- grain: one row a visit that the window of its port meets, with what its batches make of it
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
    (
        (
            NOT EXISTS (SELECT 1 FROM wanted_classes)
            OR u.lead_class IN (SELECT w.code FROM wanted_classes AS w)
        )
        AND (
            NOT EXISTS (SELECT 1 FROM wanted_directions)
            OR u.direction IN (SELECT w.direction FROM wanted_directions AS w)
        )
    ) AS is_wanted
FROM unit_stays AS u
INNER JOIN span_windows AS s ON s.un_location_code = u.un_location_code
CROSS JOIN params AS p
WHERE
    u.arrived_at <= p.as_of
    AND (s.until_at IS NULL OR u.arrived_at < s.until_at)
    AND (s.from_at IS NULL OR u.left_at IS NULL OR u.left_at > s.from_at)
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR u.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
