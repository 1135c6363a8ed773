-- grain: one row a (port, indicator that has a rule): the latest value that can be had, with the day that it is of
WITH latest AS (
    SELECT
        v.un_location_code,
        v.indicator,
        v.day,
        v.value,
        v.limit_value,
        v.has_fired,
        row_number() OVER (PARTITION BY v.un_location_code, v.indicator ORDER BY v.day DESC) AS latest_first
    FROM warning_values AS v
),

ports_watched AS (
    SELECT d.un_location_code, max(d.day) AS last_day FROM watched_days AS d GROUP BY d.un_location_code
)

SELECT
    w.un_location_code,
    r.indicator,
    r.points_group,
    l.day AS date,
    l.value,
    l.limit_value,
    r.value_unit AS unit,
    coalesce(l.has_fired AND datediff(w.last_day, l.day) < t.window_days, FALSE) AS has_fired,
    r.is_illustrative AS limit_is_illustrative
FROM ports_watched AS w
INNER JOIN alert_rules AS r ON r.points_group <> 'trigger'
INNER JOIN alert_rules AS t ON t.indicator = 'alert'
LEFT JOIN latest AS l
    ON l.un_location_code = w.un_location_code AND l.indicator = r.indicator AND l.latest_first = 1
WHERE
    NOT EXISTS (SELECT 1 FROM wanted_ports)
    OR w.un_location_code IN (SELECT p.un_location_code FROM wanted_ports AS p)
ORDER BY w.un_location_code, r.points_group, r.indicator
