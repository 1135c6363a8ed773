-- grain: one row a clearance that the filters let through
-- view
SELECT c.*
FROM clearances AS c
WHERE
    (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR c.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_classes)
        OR c.lead_class IN (SELECT w.code FROM wanted_classes AS w)
    )
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_directions)
        OR c.direction IN (SELECT w.direction FROM wanted_directions AS w)
    )
