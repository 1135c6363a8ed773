-- grain: one row a (local day, port, facility, class, direction, age bucket) of the flows that the filters let through
-- view
SELECT f.*
FROM all_flows AS f
WHERE
    (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR f.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_classes)
        OR f.lead_class IN (SELECT w.code FROM wanted_classes AS w)
    )
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_directions)
        OR f.direction IN (SELECT w.direction FROM wanted_directions AS w)
    )
