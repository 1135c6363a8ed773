-- grain: one row a record of which the scope has a landed row: its source and key, as the rows of `repeated` have it
SELECT 'consignments' AS source, consignment_id AS record_key FROM landed_consignments
UNION
SELECT 'dg_items' AS source, concat_ws(chr(31), consignment_id, item_no) AS record_key FROM landed_dg_items
UNION
SELECT 'yard_moves' AS source, event_id AS record_key FROM landed_yard_moves
UNION
SELECT 'clearance_milestones' AS source, concat_ws(chr(31), consignment_id, milestone) AS record_key
FROM landed_clearance_milestones
UNION
SELECT 'inspection_findings' AS source, finding_id AS record_key FROM landed_inspection_findings
UNION
SELECT 'penalty_cases' AS source, case_no AS record_key FROM landed_penalty_cases
