-- grain: one live row of milestones about the batch asked for, with file and line
SELECT
    x.*,
    f.file
FROM milestones AS x
INNER JOIN story AS s ON s.consignment_id = x.consignment_id
LEFT JOIN files AS f ON f.file_seq = x._file_seq
ORDER BY x.occurred_at, x._file_seq, x._line
