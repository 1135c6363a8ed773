-- grain: one row an alert or notice: a run of days of one level at one port, what came before it and what after
WITH runs AS (
    SELECT
        l.un_location_code,
        l.level,
        l.day,
        l.day_no,
        l.groups,
        l.day_no - row_number() OVER (PARTITION BY l.un_location_code, l.level ORDER BY l.day_no) AS run_no
    FROM warning_levels AS l
),

episodes AS (
    SELECT
        r.un_location_code,
        r.level,
        min(r.day) AS started_on,
        max(r.day) AS last_on,
        max(r.day_no) AS last_no,
        count(*) AS days,
        max(r.groups) AS groups
    FROM runs AS r
    GROUP BY r.un_location_code, r.level, r.run_no
)

SELECT
    e.un_location_code,
    e.level,
    e.started_on,
    e.last_on,
    a.day AS ended_on,
    a.day IS NULL AS is_on,
    e.days,
    e.groups,
    n.level AS followed_by
FROM episodes AS e
LEFT JOIN watched_days AS a ON a.un_location_code = e.un_location_code AND a.day_no = e.last_no + 1
LEFT JOIN warning_levels AS n ON n.un_location_code = e.un_location_code AND n.day_no = e.last_no + 1
