-- grain: one row a file that has landed rows which are not live versions
SELECT
    _file_seq AS file_seq,
    CAST(count(*) FILTER (WHERE status = 'duplicate') AS BIGINT) AS duplicate_rows,
    CAST(count(*) FILTER (WHERE status = 'superseded') AS BIGINT) AS superseded_rows
FROM losers
GROUP BY _file_seq
