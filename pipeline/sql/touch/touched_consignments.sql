-- grain: one row a batch whose stay may have changed: named by new rows, or joined to a unit that they touch
-- The units of `consignments_of_units` are those of `seed_units`.
SELECT s.consignment_id FROM seed_consignments AS s
UNION
SELECT b.consignment_id FROM consignments_of_units AS b
