-- grain: one row a live milestone at known_at, its instant as given, its batch live or not
-- view
SELECT m.*
FROM landed_clearance_milestones AS m
CROSS JOIN params AS p
LEFT JOIN losers_held AS l
    ON l.source = 'clearance_milestones' AND l._file_seq = m._file_seq AND l._line = m._line
WHERE
    m._known_at <= p.known_at
    AND NOT coalesce(m.voided, FALSE)
    AND l._line IS NULL
