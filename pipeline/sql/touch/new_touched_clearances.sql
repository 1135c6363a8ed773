-- grain: one row a clearance computed anew of those that may have changed
SELECT n.*
FROM clearances AS n
WHERE n.consignment_id IN (SELECT c.consignment_id FROM touched_consignments AS c)
