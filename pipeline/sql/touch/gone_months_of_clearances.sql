-- grain: one row a month (UTC) in which kept clearances that are no longer so had closed, and how many; null for open ones
SELECT
    CAST(date_trunc('month', closed_at) AS DATE) AS closed_month,
    count(*) AS gone
FROM gone_rows
GROUP BY CAST(date_trunc('month', closed_at) AS DATE)
