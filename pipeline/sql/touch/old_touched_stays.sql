-- grain: one row a kept stay that may have changed
SELECT o.*
FROM old_stays AS o
WHERE
    o.consignment_id IN (SELECT c.consignment_id FROM touched_consignments AS c)
    OR (
        o.consignment_id IS NULL
        AND o.first_unit IN (SELECT u.equipment_reference FROM touched_units AS u)
    )
