-- grain: one row a clearance being written, with the month (UTC) of its last instant as `label`; null where more is to come
-- view
SELECT
    w.*,
    CAST(date_trunc('month', w.closed_at) AS DATE) AS label
FROM written_clearances AS w
