-- grain: one row a unit of a batch whose stay may have changed: its visits are needed, and may be claimed otherwise now
-- The batches of `units_of_consignments` are the touched ones.
SELECT s.equipment_reference FROM seed_units AS s
UNION
SELECT b.equipment_reference FROM units_of_consignments AS b
