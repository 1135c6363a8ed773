-- grain: one row a stay that a touched unit may carry: computed anew where it may have changed, else as kept
SELECT n.* FROM new_touched_stays AS n
UNION ALL
SELECT o.*
FROM old_stays AS o
WHERE
    o.consignment_id IN (SELECT c.consignment_id FROM needed_consignments AS c)
    AND o.consignment_id NOT IN (SELECT c.consignment_id FROM touched_consignments AS c)
