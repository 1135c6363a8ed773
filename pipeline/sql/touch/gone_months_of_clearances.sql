-- grain: one row a month (UTC) in which kept clearances that are no longer so had closed; null for open ones
SELECT DISTINCT CAST(date_trunc('month', closed_at) AS DATE) AS closed_month
FROM gone_rows
