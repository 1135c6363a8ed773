-- grain: one row a live move at known_at, of any instant, actual or not
-- view
SELECT m.*
FROM landed_yard_moves AS m
CROSS JOIN params AS p
LEFT JOIN losers_plain AS l
    ON l.source = 'yard_moves' AND l._file_seq = m._file_seq AND l._line = m._line
WHERE
    m._known_at <= p.known_at
    AND NOT coalesce(m.voided, FALSE)
    AND l._line IS NULL
