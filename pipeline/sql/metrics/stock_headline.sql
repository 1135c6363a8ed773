-- grain: one row: the yard at as_of, over what the filters let through
WITH oldest AS (
    SELECT
        max(
            CASE WHEN s.overdue_at <= p.as_of
                THEN (unix_micros(p.as_of) - unix_micros(s.overdue_at)) / CAST(3600000000 AS DOUBLE) END
        ) AS oldest_overdue_hours,
        max((unix_micros(p.as_of) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE)) AS oldest_age_hours
    FROM counted AS s
    CROSS JOIN params AS p
    WHERE s.left_at IS NULL AND s.arrived_at <= p.as_of
)

SELECT
    coalesce(CAST(sum(t.stock) AS BIGINT), 0) AS stock,
    coalesce(CAST(sum(t.backlog) AS BIGINT), 0) AS backlog,
    max(o.oldest_overdue_hours) AS oldest_overdue_hours,
    max(o.oldest_age_hours) AS oldest_age_hours,
    coalesce(CAST(sum(t.arrivals) AS BIGINT), 0) AS arrivals_last_day,
    coalesce(CAST(sum(t.exits) AS BIGINT), 0) AS exits_last_day,
    coalesce(CAST(sum(t.newly_overdue) AS BIGINT), 0) AS newly_overdue_last_day,
    max(p.as_of) AS as_of
FROM params AS p
CROSS JOIN oldest AS o
LEFT JOIN stock AS t ON 1 = 1
