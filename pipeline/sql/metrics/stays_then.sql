-- grain: one row a stay that can have been in a yard on a day: the long ones, and of those that left soon after it the others
-- view
SELECT k.*
FROM kept_long_stays AS k
UNION ALL
SELECT s.*
FROM stays_around AS s
CROSS JOIN asked_length AS a
WHERE s.left_at IS NULL OR unix_micros(s.left_at) - unix_micros(s.arrived_at) < a.long_micros
