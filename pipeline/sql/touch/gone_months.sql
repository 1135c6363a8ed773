-- grain: one row a month (UTC) in which kept rows that are no longer so had ended, and how many; null for open ones
SELECT
    CAST(date_trunc('month', left_at) AS DATE) AS ended_month,
    count(*) AS gone
FROM gone_rows
GROUP BY CAST(date_trunc('month', left_at) AS DATE)
