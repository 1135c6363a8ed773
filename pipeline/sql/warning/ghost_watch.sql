-- grain: one row a watched day: units of the last days that were seen elsewhere without having left this port
SELECT
    d.un_location_code,
    d.day,
    'ghosts' AS indicator,
    CAST(coalesce(sum(g.ghosts), 0) AS DOUBLE) AS value,
    max(r.threshold) AS limit_value,
    coalesce(sum(g.ghosts), 0) >= max(r.threshold) AS has_fired
FROM watched_days AS d
INNER JOIN alert_rules AS r ON r.indicator = 'ghosts'
LEFT JOIN ghost_days AS g
    ON
        g.un_location_code = d.un_location_code
        AND datediff(d.day, g.day) >= 0 AND datediff(d.day, g.day) < r.window_days
GROUP BY d.un_location_code, d.day
