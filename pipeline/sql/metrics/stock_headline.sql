-- grain: one row: the yard at as_of, over what the filters let through
WITH oldest AS (
    SELECT
        max(o.oldest_overdue_hours) AS oldest_overdue_hours,
        max(o.oldest_age_hours) AS oldest_age_hours
    FROM oldest_open AS o
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
