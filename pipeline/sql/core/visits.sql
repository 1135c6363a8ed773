-- grain: one row a visit, with what its moves say of it
-- Moves of a visit are in the order (instant; in, inside, out; event_id).
WITH told AS (
    SELECT
        un_location_code,
        equipment_reference,
        visit_no,
        min(started_at) AS started_at,
        max(ended_at) AS ended_at,
        min_by(facility_code, (event_at, flow_order, event_id)) FILTER (WHERE facility_code IS NOT NULL)
            AS facility_code,
        max_by(exit_type, (event_at, event_id)) FILTER (WHERE flow = 'out' AND exit_type IS NOT NULL) AS exit_type,
        max(event_at) FILTER (WHERE flow = 'out' AND exit_type IS NOT NULL) AS exit_named_at,
        max_by(event_id, (event_at, event_id)) FILTER (WHERE flow = 'out' AND exit_type IS NOT NULL)
            AS exit_event_id,
        max_by(event_id, (event_at, flow_order, event_id)) FILTER (WHERE block IS NOT NULL) AS placed_event_id
    FROM visit_moves
    GROUP BY un_location_code, equipment_reference, visit_no
)

SELECT
    t.un_location_code,
    t.equipment_reference,
    t.visit_no,
    t.started_at,
    t.ended_at,
    t.facility_code,
    t.exit_type,
    t.exit_named_at,
    t.exit_event_id,
    b.block,
    b.bay,
    b.row,
    b.tier
FROM told AS t
LEFT JOIN visit_moves AS b
    ON
        b.un_location_code = t.un_location_code
        AND b.equipment_reference = t.equipment_reference
        AND b.visit_no = t.visit_no
        AND b.event_id = t.placed_event_id
