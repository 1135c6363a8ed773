-- grain: one row a unit of a batch whose stay may have changed: its visits are needed, and may be claimed otherwise now
SELECT s.equipment_reference FROM seed_units AS s
UNION
SELECT i.equipment_reference
FROM all_dg_items AS i
WHERE
    i.equipment_reference IS NOT NULL
    AND i.consignment_id IN (SELECT c.consignment_id FROM touched_consignments AS c)
UNION
SELECT m.equipment_reference
FROM all_yard_moves AS m
WHERE m.consignment_id IN (SELECT c.consignment_id FROM touched_consignments AS c)
