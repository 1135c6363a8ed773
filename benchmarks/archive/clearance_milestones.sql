-- grain: one row a milestone: lodged, for three of four batches inspected, and released where the box has left
SELECT consignment_id, 'lodged' AS milestone, arrived_at + INTERVAL 3 HOUR AS occurred_at, arrived_at + INTERVAL 4 HOUR AS recorded_at
FROM stays
UNION ALL
SELECT consignment_id, 'inspected', arrived_at + INTERVAL 7 HOUR, arrived_at + INTERVAL 8 HOUR
FROM stays
WHERE is_inspected
UNION ALL
SELECT consignment_id, 'released', left_at - INTERVAL 2 HOUR, left_at - INTERVAL 1 HOUR
FROM stays
WHERE left_at IS NOT NULL
