-- grain: one row a landed row that is a duplicate, or superseded at known_at, of a source whose instants are all in UTC
-- A duplicate is one whatever known_at is: it equals a row that was held before it. Of the versions known at known_at
-- the latest recorded wins; on a tie the file loaded later, then the later line.
WITH copies AS (
    SELECT
        r.*,
        row_number() OVER (
            PARTITION BY r.source, r.record_key, r.content ORDER BY r._file_seq, r._line
        ) AS copy_no
    FROM repeated AS r
    WHERE NOT r.is_held_as_given
),

ranked AS (
    SELECT
        c.source,
        c._file_seq,
        c._line,
        row_number() OVER (
            PARTITION BY c.source, c.record_key ORDER BY c._known_at DESC, c._file_seq DESC, c._line DESC
        ) AS version_no
    FROM copies AS c
    CROSS JOIN params AS p
    WHERE c.copy_no = 1 AND c._known_at <= p.known_at
)

SELECT source, _file_seq, _line, 'duplicate' AS status
FROM copies
WHERE copy_no > 1
UNION ALL
SELECT source, _file_seq, _line, 'superseded' AS status
FROM ranked
WHERE version_no > 1
