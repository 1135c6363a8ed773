-- grain: one row a (visit that the window meets, batch that it carries), where a batch's own number holds a ;
SELECT
    u.visit_id,
    u.un_location_code,
    u.equipment_reference,
    l.consignment_id
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
