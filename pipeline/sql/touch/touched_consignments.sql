-- grain: one row a batch whose stay may have changed: named by new rows, or joined to a unit that they touch
SELECT s.consignment_id FROM seed_consignments AS s
UNION
SELECT b.consignment_id
FROM unit_batches AS b
WHERE b.equipment_reference IN (SELECT u.equipment_reference FROM seed_units AS u)
