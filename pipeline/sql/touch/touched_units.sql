-- grain: one row a unit of a batch whose stay may have changed: its visits are needed, and may be claimed otherwise now
SELECT s.equipment_reference FROM seed_units AS s
UNION
SELECT b.equipment_reference
FROM unit_batches AS b
WHERE b.consignment_id IN (SELECT c.consignment_id FROM touched_consignments AS c)
