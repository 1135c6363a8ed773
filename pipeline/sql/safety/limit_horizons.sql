-- grain: one row a horizon (24, 72, 168 hours, each with the shorter ones in it): how many pass their limit, and how many of
-- them would still be there by their chances; those without a chance are counted apart
SELECT
    h.within_hours,
    count(c.within_hours) AS batches,
    count(*) FILTER (WHERE c.pool = 'too_few') AS batches_without_chance,
    CAST(sum(CAST(1 - c.leaves_before_share AS DECIMAL(38, 12))) AS DOUBLE) AS expected_overdue_batches
FROM (
    SELECT 24 AS within_hours
    UNION ALL
    SELECT 72 AS within_hours
    UNION ALL
    SELECT 168 AS within_hours
) AS h
LEFT JOIN limit_clock AS c ON c.within_hours <= h.within_hours
GROUP BY h.within_hours
ORDER BY h.within_hours
