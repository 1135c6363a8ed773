-- grain: one row a live, actual move at or before as_of
-- view
SELECT m.*
FROM actual_moves AS m
CROSS JOIN params AS p
WHERE m.event_at <= p.as_of
