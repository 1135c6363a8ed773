-- grain: one row a live consignment that the filters let through
SELECT
    c.consignment_id,
    c.un_location_code
FROM consignments AS c
LEFT JOIN lead_classes_asked AS l ON l.consignment_id = c.consignment_id
WHERE
    (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR c.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_classes)
        OR coalesce(l.lead_class, 'unidentified') IN (SELECT w.code FROM wanted_classes AS w)
    )
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_directions)
        OR c.direction IN (SELECT w.direction FROM wanted_directions AS w)
    )
