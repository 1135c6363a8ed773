-- grain: one row a batch that new rows name, or that an older version of a record they change names
SELECT n.consignment_id FROM new_consignments AS n
UNION
SELECT n.consignment_id FROM new_dg_items AS n
UNION
SELECT n.consignment_id FROM new_clearance_milestones AS n
UNION
SELECT n.consignment_id FROM changed_moves AS n WHERE n.consignment_id IS NOT NULL
