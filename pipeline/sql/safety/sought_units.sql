-- grain: one row a (visit, place, hazard set that it conflicts with there, week in which its pairs are sought; -1: now)
-- view
SELECT u.*, u.placed_week AS week
FROM conflicting_units AS u
UNION ALL
SELECT u.*, CAST(-1 AS BIGINT) AS week
FROM conflicting_units AS u
WHERE u.placed_until IS NULL
