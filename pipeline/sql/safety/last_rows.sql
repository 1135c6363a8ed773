-- grain: one row a visit that the window meets of which any move told a block: the row and tier that the last of them told
WITH told AS (
    SELECT
        u.visit_id,
        m.row,
        m.tier,
        row_number() OVER (
            PARTITION BY u.visit_id
            ORDER BY
                m.event_at DESC,
                CASE m.flow WHEN 'in' THEN 0 WHEN 'inside' THEN 1 ELSE 2 END DESC,
                m.event_id DESC
        ) AS told_order
    FROM met_units AS u
    INNER JOIN moves AS m
        ON
            m.un_location_code = u.un_location_code
            AND m.equipment_reference = u.equipment_reference
            AND m.event_at >= u.arrived_at
            AND (u.left_at IS NULL OR m.event_at <= u.left_at)
    WHERE m.block IS NOT NULL
)

SELECT visit_id, row, tier
FROM told
WHERE told_order = 1
