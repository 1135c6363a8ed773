-- grain: one row a live milestone at or before as_of
-- view
SELECT m.*
FROM all_milestones AS m
CROSS JOIN params AS p
WHERE m.occurred_at <= p.as_of
