-- grain: one row an (alert or notice on in the days asked for, indicator that fired for it)
SELECT
    concat_ws('-', p.level, p.un_location_code, CAST(p.started_on AS STRING)) AS alert_id,
    p.level,
    p.un_location_code,
    p.started_on,
    p.indicator,
    p.points_group,
    p.first_fired_on,
    p.last_fired_on,
    p.days_fired,
    p.worst_value,
    p.limit_value,
    p.unit,
    p.counts_now,
    r.is_illustrative AS limit_is_illustrative
FROM episode_points AS p
CROSS JOIN asked AS a
INNER JOIN warning_episodes AS e
    ON e.un_location_code = p.un_location_code AND e.level = p.level AND e.started_on = p.started_on
INNER JOIN alert_rules AS r ON r.indicator = p.indicator
WHERE
    (a.date_from IS NULL OR e.last_on >= a.date_from)
    AND (a.date_to IS NULL OR e.started_on <= a.date_to)
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR p.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
ORDER BY p.started_on DESC, p.level, p.un_location_code, p.points_group, p.indicator
