-- grain: one row a visit that the batch (or the unclaimed unit) asked for is linked to
SELECT
    v.equipment_reference,
    v.un_location_code,
    v.visit_no,
    v.facility_code,
    v.started_at,
    v.ended_at,
    (unix_micros(v.ended_at) - unix_micros(v.started_at)) / CAST(3600000000 AS DOUBLE) AS dwell_hours,
    v.exit_type,
    v.block,
    v.bay,
    v.row,
    v.tier,
    coalesce(l.is_named, FALSE) AS is_named
FROM visits AS v
CROSS JOIN story AS s
LEFT JOIN links AS l
    ON
        l.un_location_code = v.un_location_code
        AND l.equipment_reference = v.equipment_reference
        AND l.visit_no = v.visit_no
        AND l.consignment_id = s.consignment_id
WHERE
    l.consignment_id IS NOT NULL
    OR (
        v.equipment_reference = s.equipment_reference
        AND NOT EXISTS (
            SELECT 1 FROM links AS o
            WHERE
                o.un_location_code = v.un_location_code
                AND o.equipment_reference = v.equipment_reference
                AND o.visit_no = v.visit_no
        )
    )
ORDER BY v.started_at, v.equipment_reference
