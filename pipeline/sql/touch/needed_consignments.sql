-- grain: one row a batch that is needed to tell who claims the visits of the touched units
SELECT c.consignment_id FROM touched_consignments AS c
UNION
SELECT i.consignment_id
FROM all_dg_items AS i
WHERE i.equipment_reference IN (SELECT u.equipment_reference FROM touched_units AS u)
UNION
SELECT m.consignment_id
FROM all_yard_moves AS m
WHERE
    m.consignment_id IS NOT NULL
    AND m.equipment_reference IN (SELECT u.equipment_reference FROM touched_units AS u)
