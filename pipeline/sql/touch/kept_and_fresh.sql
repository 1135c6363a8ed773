-- grain: one row a row of the open part as it will be
SELECT * FROM kept_of_file
UNION ALL
SELECT * FROM fresh_rows
WHERE left_at IS NULL
