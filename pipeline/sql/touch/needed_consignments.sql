-- grain: one row a batch that is needed to tell who claims the visits of the touched units
SELECT c.consignment_id FROM touched_consignments AS c
UNION
SELECT b.consignment_id
FROM unit_batches AS b
WHERE b.equipment_reference IN (SELECT u.equipment_reference FROM touched_units AS u)
