-- grain: one row a closed clearance being written, with the month (UTC) of its last instant as `label`
-- view
SELECT
    w.*,
    substr(CAST(w.closed_at AS STRING), 1, 7) AS label
FROM written_clearances AS w
WHERE w.closed_at IS NOT NULL
