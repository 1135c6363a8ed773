-- grain: one row a live inspection at or before as_of, its batch live or not
-- view
SELECT f.*
FROM all_findings AS f
CROSS JOIN params AS p
WHERE f.inspected_at <= p.as_of
