-- grain: one row a watched day with a whole baseline before it: the backlog against its control limit
-- The baseline ends lag_days before the day, so that a rise does not raise its own limit. Sigma is at least that of a
-- count with the same mean, and at least one batch.
WITH watched AS (
    SELECT
        d.un_location_code,
        d.day,
        d.backlog,
        r.threshold,
        r.baseline_days,
        d.day_no - r.lag_days AS end_no,
        d.day_no - r.lag_days - r.baseline_days AS start_no
    FROM watched_days AS d
    INNER JOIN alert_rules AS r ON r.indicator = 'backlog'
    WHERE r.baseline_days > 1
),

baselines AS (
    SELECT
        d.un_location_code,
        d.day,
        d.backlog,
        d.threshold,
        CAST(d.baseline_days AS DOUBLE) AS days,
        CAST(e.backlog_so_far - coalesce(b.backlog_so_far, 0) AS DOUBLE) AS total,
        CAST(e.backlog_squares_so_far - coalesce(b.backlog_squares_so_far, 0) AS DOUBLE) AS squares
    FROM watched AS d
    INNER JOIN watched_days AS e ON e.un_location_code = d.un_location_code AND e.day_no = d.end_no
    LEFT JOIN watched_days AS b ON b.un_location_code = d.un_location_code AND b.day_no = d.start_no
    WHERE d.start_no >= 0
),

spread AS (
    SELECT
        b.*,
        b.total / b.days AS mean_backlog,
        sqrt(
            greatest((b.squares - b.total * b.total / b.days) / (b.days - 1), b.total / b.days, 1)
        ) AS sigma
    FROM baselines AS b
)

SELECT
    s.un_location_code,
    s.day,
    'backlog' AS indicator,
    CAST(s.backlog AS DOUBLE) AS value,
    s.mean_backlog + s.threshold * s.sigma AS limit_value,
    s.backlog > s.mean_backlog + s.threshold * s.sigma AS has_fired
FROM spread AS s
