-- grain: one row a landed row of a record that has several, where the table of repeated rows lacks it
SELECT
    c.source,
    c.record_key,
    c.content,
    c.key_has_instant,
    c.is_held_as_given,
    c.consignment_id,
    c.first_instant,
    c.first_is_local,
    c.second_instant,
    c.second_is_local,
    c._known_at,
    c._file_seq,
    c._line
FROM candidates AS c
WHERE
    NOT EXISTS (
        SELECT 1 FROM repeated AS r
        WHERE r.source = c.source AND r._file_seq = c._file_seq AND r._line = c._line
    )
