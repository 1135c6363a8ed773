-- grain: one row an actual move of a visit, with its place in the visit's order (ins, inside moves, outs at one instant)
SELECT
    v.visit_no,
    v.ended_at,
    m.*,
    row_number() OVER (
        PARTITION BY m.un_location_code, m.equipment_reference, v.visit_no
        ORDER BY m.event_at, CASE m.flow WHEN 'in' THEN 0 WHEN 'inside' THEN 1 ELSE 2 END, m.event_id
    ) AS move_no
FROM moves AS m
INNER JOIN visit_spans AS v
    ON
        v.un_location_code = m.un_location_code
        AND v.equipment_reference = m.equipment_reference
        AND m.event_at >= v.started_at
        AND (v.ended_at IS NULL OR m.event_at <= v.ended_at)
