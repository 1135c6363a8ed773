-- grain: one row a stay that lasted for a given time or longer, or has not ended
SELECT s.*
FROM batch_stays AS s
CROSS JOIN asked_length AS a
WHERE s.left_at IS NULL OR unix_micros(s.left_at) - unix_micros(s.arrived_at) >= a.long_micros
