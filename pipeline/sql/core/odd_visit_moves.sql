-- grain: one row an actual move of a visit of an odd unit
SELECT
    v.visit_no,
    v.started_at,
    v.ended_at,
    m.un_location_code,
    m.equipment_reference,
    m.event_id,
    m.flow,
    CASE m.flow WHEN 'in' THEN 0 WHEN 'inside' THEN 1 ELSE 2 END AS flow_order,
    m.event_at,
    m.consignment_id,
    m.facility_code,
    m.block,
    m.exit_type
FROM odd_moves AS m
INNER JOIN odd_visit_spans AS v
    ON
        v.un_location_code = m.un_location_code
        AND v.equipment_reference = m.equipment_reference
        AND m.event_at >= v.started_at
        AND (v.ended_at IS NULL OR m.event_at <= v.ended_at)
