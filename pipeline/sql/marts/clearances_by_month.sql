-- grain: one row a closed clearance being written, with the month (UTC) of its last instant as `label`
-- view
SELECT
    w.*,
    CAST(date_trunc('month', w.closed_at) AS DATE) AS label
FROM written_clearances AS w
WHERE w.closed_at IS NOT NULL
