-- grain: one row a live penalty case filed at or before as_of, its batch live or not
-- view
SELECT k.*
FROM all_cases AS k
CROSS JOIN params AS p
WHERE k.filed_at <= p.as_of
