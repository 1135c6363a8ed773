-- grain: one row a (port, local day) with a point in the trigger's window, within the days asked for
SELECT
    l.day AS date,
    l.un_location_code,
    l.level,
    l.groups,
    l.indicators
FROM warning_levels AS l
CROSS JOIN asked AS a
WHERE
    (a.date_from IS NULL OR l.day >= a.date_from)
    AND (a.date_to IS NULL OR l.day <= a.date_to)
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR l.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
ORDER BY l.day, l.un_location_code
