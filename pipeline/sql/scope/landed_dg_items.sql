-- grain: one row a landed row of dg_items about a batch of the scope
SELECT a.*
FROM all_dg_items AS a
WHERE a.consignment_id IN (SELECT s.consignment_id FROM scope_consignments AS s)
