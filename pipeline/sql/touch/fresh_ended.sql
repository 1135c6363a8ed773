-- grain: one row an ended stay that was not kept so
-- view
SELECT * FROM fresh_rows
WHERE left_at IS NOT NULL
