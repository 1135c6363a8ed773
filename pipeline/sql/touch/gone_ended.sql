-- grain: one row a kept ended stay that is no longer so
-- view
SELECT * FROM gone_rows
WHERE left_at IS NOT NULL
