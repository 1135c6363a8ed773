-- grain: one row an open visit whose unit has since come in at another port: it cannot be in both, its gate-out is missing
SELECT
    u.un_location_code,
    u.equipment_reference,
    u.facility_code,
    u.consignment_id,
    u.arrived_at,
    min(o.arrived_at) AS seen_elsewhere_at,
    min_by(o.un_location_code, o.arrived_at) AS seen_elsewhere
FROM unit_stays AS u
INNER JOIN unit_stays AS o
    ON
        o.equipment_reference = u.equipment_reference
        AND o.un_location_code <> u.un_location_code
        AND o.arrived_at > u.arrived_at
WHERE u.left_at IS NULL
GROUP BY u.un_location_code, u.equipment_reference, u.facility_code, u.consignment_id, u.arrived_at
ORDER BY u.un_location_code, u.arrived_at
