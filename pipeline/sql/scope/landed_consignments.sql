-- grain: one row a landed row of consignments about a batch of the scope
SELECT a.*
FROM all_consignments AS a
WHERE a.consignment_id IN (SELECT s.consignment_id FROM scope_consignments AS s)
