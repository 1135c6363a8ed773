-- grain: one row a batch whose stay may have changed: named by new rows, or joined to a unit that they touch
SELECT s.consignment_id FROM seed_consignments AS s
UNION
SELECT i.consignment_id
FROM all_dg_items AS i
WHERE i.equipment_reference IN (SELECT u.equipment_reference FROM seed_units AS u)
UNION
SELECT m.consignment_id
FROM all_yard_moves AS m
WHERE
    m.consignment_id IS NOT NULL
    AND m.equipment_reference IN (SELECT u.equipment_reference FROM seed_units AS u)
