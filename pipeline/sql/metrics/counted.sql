-- grain: one row a unit of count (a stay, or a visit with --count unit) that the filters let through
-- view
SELECT s.*
FROM stays AS s
WHERE
    (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR s.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_classes)
        OR s.lead_class IN (SELECT w.code FROM wanted_classes AS w)
    )
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_directions)
        OR s.direction IN (SELECT w.direction FROM wanted_directions AS w)
    )
