-- grain: one row a batch whose landed rows are looked at: needed for stays, or named by a new finding or case
SELECT n.consignment_id FROM needed_consignments AS n
UNION
SELECT f.consignment_id FROM new_inspection_findings AS f
UNION
SELECT p.consignment_id FROM new_penalty_cases AS p
