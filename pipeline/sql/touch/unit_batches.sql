-- grain: one row an item or a move, of any version, that joins a unit to a batch; kept, since it is searched several times
SELECT i.equipment_reference, i.consignment_id
FROM all_dg_items AS i
WHERE i.equipment_reference IS NOT NULL
UNION ALL
SELECT m.equipment_reference, m.consignment_id
FROM all_yard_moves AS m
WHERE m.equipment_reference IS NOT NULL AND m.consignment_id IS NOT NULL
