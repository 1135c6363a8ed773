-- grain: one row a trigger: a run of days on which enough lines or channels had fired for a hazard and origin
WITH runs AS (
    SELECT
        l.*,
        datediff(l.day, DATE '1990-01-01')
        - row_number() OVER (PARTITION BY l.hazard_type, l.hazard_name, l.origin_country ORDER BY l.day) AS run_no
    FROM border_levels AS l
)

SELECT
    r.hazard_type,
    r.hazard_name,
    r.origin_country,
    min(r.day) AS started_on,
    max(r.day) AS last_on,
    max(r.day) = max(t.last_day) AS is_on,
    count(*) AS days,
    max(r.points) AS most_points
FROM runs AS r
CROSS JOIN local_days_told AS t
GROUP BY r.hazard_type, r.hazard_name, r.origin_country, r.run_no
