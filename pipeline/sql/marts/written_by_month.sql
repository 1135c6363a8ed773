-- grain: one row a stay being written, with the month (UTC) in which it ended as `label`; null while it is open
-- view
SELECT
    w.*,
    CAST(date_trunc('month', w.left_at) AS DATE) AS label
FROM written_stays AS w
