-- grain: one row a landed row of clearance_milestones about a batch of the scope
SELECT a.*
FROM all_clearance_milestones AS a
WHERE a.consignment_id IN (SELECT s.consignment_id FROM scope_consignments AS s)
