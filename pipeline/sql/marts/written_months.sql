-- grain: one row a month (UTC) in which stays being written ended
SELECT DISTINCT CAST(date_trunc('month', left_at) AS DATE) AS ended_month
FROM written_stays
WHERE left_at IS NOT NULL
ORDER BY ended_month
