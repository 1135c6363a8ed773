-- grain: one row a kept clearance that may have changed
SELECT o.*
FROM old_clearances AS o
WHERE o.consignment_id IN (SELECT c.consignment_id FROM touched_consignments AS c)
