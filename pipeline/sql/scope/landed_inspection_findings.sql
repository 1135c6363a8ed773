-- grain: one row a landed row of inspection_findings about a batch of the scope
SELECT a.*
FROM all_inspection_findings AS a
WHERE a.consignment_id IN (SELECT s.consignment_id FROM scope_consignments AS s)
