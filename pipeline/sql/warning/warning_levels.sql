-- grain: one row a (port, local day) with a point in the trigger's window that ends with it: how many independent ones
WITH back AS (
    SELECT datediff(c.day, DATE '1990-01-01') AS days
    FROM calendar AS c
    INNER JOIN alert_rules AS r ON r.indicator = 'alert'
    WHERE datediff(c.day, DATE '1990-01-01') < r.window_days
),

reached AS (
    SELECT
        v.un_location_code,
        v.points_group,
        v.indicator,
        CAST(
            timestamp_micros(unix_micros(CAST(v.day AS TIMESTAMP)) + k.days * CAST(86400000000 AS BIGINT)) AS DATE
        ) AS day
    FROM warning_values AS v
    CROSS JOIN back AS k
    WHERE v.has_fired
)

SELECT
    d.un_location_code,
    d.day,
    max(d.day_no) AS day_no,
    count(DISTINCT v.points_group) AS groups,
    count(DISTINCT v.indicator) AS indicators,
    CASE WHEN count(DISTINCT v.points_group) >= max(r.threshold) THEN 'alert' ELSE 'notice' END AS level
FROM reached AS v
INNER JOIN alert_rules AS r ON r.indicator = 'alert'
INNER JOIN watched_days AS d ON d.un_location_code = v.un_location_code AND d.day = v.day
GROUP BY d.un_location_code, d.day
