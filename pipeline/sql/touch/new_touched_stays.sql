-- grain: one row a stay computed anew of those that may have changed
SELECT b.*
FROM batch_stays AS b
WHERE
    b.consignment_id IN (SELECT c.consignment_id FROM touched_consignments AS c)
    OR (
        b.consignment_id IS NULL
        AND b.first_unit IN (SELECT u.equipment_reference FROM touched_units AS u)
    )
