-- grain: one row a move that has had more than one version: its live row superseded another
SELECT DISTINCT m.event_id
FROM landed_yard_moves AS m
INNER JOIN losers_plain AS l ON l.source = 'yard_moves' AND l._file_seq = m._file_seq AND l._line = m._line
WHERE l.status = 'superseded'
