-- grain: one row an ended stay that lasted for a given time or longer, in the order of arrival
SELECT s.*
FROM batch_stays AS s
CROSS JOIN asked_length AS a
WHERE s.left_at IS NOT NULL AND unix_micros(s.left_at) - unix_micros(s.arrived_at) >= a.long_micros
ORDER BY s.arrived_at
