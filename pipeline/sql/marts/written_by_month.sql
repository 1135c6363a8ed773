-- grain: one row an ended stay being written, with the month (UTC) in which it ended as `label`
-- view
SELECT
    w.*,
    substr(CAST(w.left_at AS STRING), 1, 7) AS label
FROM written_stays AS w
WHERE w.left_at IS NOT NULL
