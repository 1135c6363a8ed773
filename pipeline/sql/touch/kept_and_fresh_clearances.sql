-- grain: one row a clearance of the open part as it will be
SELECT * FROM kept_clearances_of_file
UNION ALL
SELECT * FROM fresh_rows
WHERE closed_at IS NULL
