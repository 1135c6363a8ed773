-- grain: one row a unit that new rows move, or that any version of an item of a batch with new rows names
SELECT c.equipment_reference FROM changed_moves AS c WHERE c.equipment_reference IS NOT NULL
UNION
SELECT i.equipment_reference
FROM all_dg_items AS i
WHERE
    i.equipment_reference IS NOT NULL
    AND i.consignment_id IN (SELECT s.consignment_id FROM seed_consignments AS s)
