-- grain: one row a landed row of penalty_cases about a batch of the scope
SELECT a.*
FROM all_penalty_cases AS a
WHERE a.consignment_id IN (SELECT s.consignment_id FROM scope_consignments AS s)
