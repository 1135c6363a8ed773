-- grain: one row a batch that an item or a move, of any version, joins to a unit of known_units
SELECT a.consignment_id
FROM all_dg_items AS a
WHERE a.equipment_reference IN (SELECT k.equipment_reference FROM known_units AS k)
UNION
SELECT a.consignment_id
FROM all_yard_moves AS a
WHERE
    a.consignment_id IS NOT NULL
    AND a.equipment_reference IN (SELECT k.equipment_reference FROM known_units AS k)
