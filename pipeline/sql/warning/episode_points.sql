-- grain: one row an (alert or notice, indicator that fired for it): since when, how often, the worst value and its limit
-- A point counts for the days of its window: an episode's first points fired before or on its first day.
WITH firings AS (
    SELECT
        e.un_location_code,
        e.level,
        e.started_on,
        v.indicator,
        v.points_group,
        v.unit,
        v.day,
        v.value,
        v.limit_value,
        e.is_on AND datediff(e.last_on, v.day) < r.window_days AS counts_now,
        row_number() OVER (
            PARTITION BY e.un_location_code, e.level, e.started_on, v.indicator ORDER BY v.value DESC, v.day
        ) AS worst_first
    FROM warning_episodes AS e
    INNER JOIN alert_rules AS r ON r.indicator = 'alert'
    INNER JOIN warning_values AS v
        ON
            v.un_location_code = e.un_location_code
            AND datediff(v.day, e.started_on) > -r.window_days AND v.day <= e.last_on
    WHERE v.has_fired
)

SELECT
    f.un_location_code,
    f.level,
    f.started_on,
    f.indicator,
    max(f.points_group) AS points_group,
    max(f.unit) AS unit,
    min(f.day) AS first_fired_on,
    max(f.day) AS last_fired_on,
    count(*) AS days_fired,
    max(CASE WHEN f.worst_first = 1 THEN f.value END) AS worst_value,
    max(CASE WHEN f.worst_first = 1 THEN f.limit_value END) AS limit_value,
    max(CASE WHEN f.counts_now THEN 1 ELSE 0 END) = 1 AS counts_now
FROM firings AS f
GROUP BY f.un_location_code, f.level, f.started_on, f.indicator
