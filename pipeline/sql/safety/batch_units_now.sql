-- grain: one row a (batch, unit of it that stands in the yard now)
SELECT
    l.consignment_id AS batch_id,
    l.un_location_code,
    u.visit_id
FROM met_units AS u
INNER JOIN visits AS v
    ON
        v.un_location_code = u.un_location_code
        AND v.equipment_reference = u.equipment_reference
        AND v.started_at = u.arrived_at
INNER JOIN links AS l
    ON
        l.un_location_code = v.un_location_code
        AND l.equipment_reference = v.equipment_reference
        AND l.visit_no = v.visit_no
UNION ALL
SELECT
    concat(chr(31), substr(u.visit_id, length(u.un_location_code) + 2)) AS batch_id,
    u.un_location_code,
    u.visit_id
FROM met_units AS u
WHERE u.consignment_id IS NULL
