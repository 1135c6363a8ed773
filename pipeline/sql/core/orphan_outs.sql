-- grain: one row an actual out with no in before it: listed, in no count
SELECT
    m.un_location_code,
    m.equipment_reference,
    m.event_id,
    m.event_type,
    m.event_at,
    m.consignment_id,
    m._file_seq,
    m._line
FROM moves AS m
WHERE
    m.flow = 'out'
    AND NOT EXISTS (
        SELECT 1 FROM visit_spans AS v
        WHERE
            v.un_location_code = m.un_location_code
            AND v.equipment_reference = m.equipment_reference
            AND m.event_at >= v.started_at
            AND (v.ended_at IS NULL OR m.event_at <= v.ended_at)
    )
