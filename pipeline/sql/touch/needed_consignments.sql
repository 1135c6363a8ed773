-- grain: one row a batch that is needed to tell who claims the visits of the touched units
-- The units of `consignments_of_units` are the touched ones.
SELECT c.consignment_id FROM touched_consignments AS c
UNION
SELECT b.consignment_id FROM consignments_of_units AS b
