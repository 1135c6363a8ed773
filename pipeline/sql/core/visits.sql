-- grain: one row a visit, with what its moves say of it
WITH told AS (
    SELECT
        un_location_code,
        equipment_reference,
        visit_no,
        min_by(facility_code, move_no) FILTER (WHERE facility_code IS NOT NULL) AS facility_code,
        max(move_no) FILTER (WHERE flow = 'out' AND exit_type IS NOT NULL) AS exit_move_no,
        max(move_no) FILTER (WHERE block IS NOT NULL) AS placed_move_no
    FROM visit_moves
    GROUP BY un_location_code, equipment_reference, visit_no
)

SELECT
    v.un_location_code,
    v.equipment_reference,
    v.visit_no,
    v.started_at,
    v.ended_at,
    t.facility_code,
    e.exit_type,
    e.event_at AS exit_named_at,
    e.event_id AS exit_event_id,
    b.block,
    b.bay,
    b.row,
    b.tier
FROM visit_spans AS v
INNER JOIN told AS t
    ON
        t.un_location_code = v.un_location_code
        AND t.equipment_reference = v.equipment_reference
        AND t.visit_no = v.visit_no
LEFT JOIN visit_moves AS e
    ON
        e.un_location_code = v.un_location_code
        AND e.equipment_reference = v.equipment_reference
        AND e.visit_no = v.visit_no
        AND e.move_no = t.exit_move_no
LEFT JOIN visit_moves AS b
    ON
        b.un_location_code = v.un_location_code
        AND b.equipment_reference = v.equipment_reference
        AND b.visit_no = v.visit_no
        AND b.move_no = t.placed_move_no
