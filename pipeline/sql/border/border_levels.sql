-- grain: one row a (hazard, origin, local day) in whose window enough lines or channels fired
-- Lines and channels that fired: each line but the port's, and each channel of the port line. A notice of the port line
-- counts where no channel fired there, since any channel stands for that line.
WITH back AS (
    SELECT datediff(c.day, DATE '1990-01-01') AS days
    FROM calendar AS c
    INNER JOIN alert_rules AS r ON r.indicator = 'border_trigger'
    WHERE datediff(c.day, DATE '1990-01-01') < r.window_days
),

windows AS (
    SELECT
        b.hazard_type,
        b.hazard_name,
        b.origin_country,
        b.line,
        b.channel,
        CAST(
            timestamp_micros(unix_micros(CAST(b.day AS TIMESTAMP)) + k.days * CAST(86400000000 AS BIGINT)) AS DATE
        ) AS day
    FROM border_points AS b
    CROSS JOIN back AS k
),

counted AS (
    SELECT
        w.hazard_type,
        w.hazard_name,
        w.origin_country,
        w.day,
        count(DISTINCT CASE WHEN w.line <> 'port' THEN w.line END) AS other_lines,
        count(DISTINCT CASE WHEN w.channel <> '' THEN w.channel END) AS channels,
        max(CASE WHEN w.line = 'port' THEN 1 ELSE 0 END) AS is_port_line
    FROM windows AS w
    CROSS JOIN local_days_told AS t
    WHERE w.day <= t.last_day
    GROUP BY w.hazard_type, w.hazard_name, w.origin_country, w.day
)

SELECT
    n.hazard_type,
    n.hazard_name,
    n.origin_country,
    n.day,
    n.other_lines + greatest(n.channels, n.is_port_line) AS points
FROM counted AS n
INNER JOIN alert_rules AS r ON r.indicator = 'border_trigger'
WHERE n.other_lines + greatest(n.channels, n.is_port_line) >= r.threshold
