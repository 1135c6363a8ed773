-- grain: one row a unit that an item or a move, of any version, joins to a batch of known_consignments
SELECT a.equipment_reference
FROM all_dg_items AS a
WHERE
    a.equipment_reference IS NOT NULL
    AND a.consignment_id IN (SELECT k.consignment_id FROM known_consignments AS k)
UNION
SELECT a.equipment_reference
FROM all_yard_moves AS a
WHERE a.consignment_id IN (SELECT k.consignment_id FROM known_consignments AS k)
