-- grain: one row an actual move of the visits of the batch asked for
SELECT
    m.event_at,
    m.equipment_reference,
    m.un_location_code,
    m.facility_code,
    m.event_type,
    m.block,
    m.bay,
    m.row,
    m.tier,
    m.exit_type,
    m.consignment_id,
    m.event_id,
    m.recorded_at,
    f.file,
    m._line AS line,
    m._warnings AS warnings
FROM batch_visits AS v
INNER JOIN visit_moves AS o
    ON
        o.un_location_code = v.un_location_code
        AND o.equipment_reference = v.equipment_reference
        AND o.visit_no = v.visit_no
INNER JOIN moves AS m
    ON
        m.un_location_code = o.un_location_code
        AND m.equipment_reference = o.equipment_reference
        AND m.event_id = o.event_id
LEFT JOIN files AS f ON f.file_seq = m._file_seq
ORDER BY m.event_at, m.equipment_reference, o.flow_order, m.event_id
