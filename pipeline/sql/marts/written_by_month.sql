-- grain: one row an ended stay being written, with the month (UTC) in which it ended as `label`
-- view
SELECT
    w.*,
    CAST(date_trunc('month', w.left_at) AS DATE) AS label
FROM written_stays AS w
WHERE w.left_at IS NOT NULL
