-- grain: one row a visit that the batch (or the unclaimed unit) asked for is linked to, with where its unit was last placed
WITH placed AS (
    SELECT
        m.un_location_code,
        m.equipment_reference,
        m.visit_no,
        max_by(m.event_id, (m.event_at, m.flow_order, m.event_id)) AS event_id
    FROM visit_moves AS m
    WHERE m.block IS NOT NULL
    GROUP BY m.un_location_code, m.equipment_reference, m.visit_no
)

SELECT
    v.equipment_reference,
    v.un_location_code,
    v.visit_no,
    v.facility_code,
    v.started_at,
    v.ended_at,
    (unix_micros(v.ended_at) - unix_micros(v.started_at)) / CAST(3600000000 AS DOUBLE) AS dwell_hours,
    v.exit_type,
    m.block,
    m.bay,
    m.row,
    m.tier,
    coalesce(l.is_named, FALSE) AS is_named
FROM visits AS v
CROSS JOIN story AS s
LEFT JOIN placed AS p
    ON
        p.un_location_code = v.un_location_code
        AND p.equipment_reference = v.equipment_reference
        AND p.visit_no = v.visit_no
LEFT JOIN visit_moves AS m
    ON
        m.un_location_code = p.un_location_code
        AND m.equipment_reference = p.equipment_reference
        AND m.visit_no = p.visit_no
        AND m.event_id = p.event_id
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
