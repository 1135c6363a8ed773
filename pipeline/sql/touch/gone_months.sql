-- grain: one row a month (UTC) in which kept rows that are no longer so had ended; null for open ones
SELECT DISTINCT CAST(date_trunc('month', left_at) AS DATE) AS ended_month
FROM gone_rows
