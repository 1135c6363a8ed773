-- grain: one row a (port, local day) with a point in the trigger's window that ends with it: how many independent ones
SELECT
    d.un_location_code,
    d.day,
    max(d.day_no) AS day_no,
    count(DISTINCT v.points_group) AS groups,
    count(DISTINCT v.indicator) AS indicators,
    CASE WHEN count(DISTINCT v.points_group) >= max(r.threshold) THEN 'alert' ELSE 'notice' END AS level
FROM warning_values AS v
INNER JOIN alert_rules AS r ON r.indicator = 'alert'
INNER JOIN watched_days AS d
    ON
        d.un_location_code = v.un_location_code
        AND datediff(d.day, v.day) >= 0 AND datediff(d.day, v.day) < r.window_days
WHERE v.has_fired
GROUP BY d.un_location_code, d.day
