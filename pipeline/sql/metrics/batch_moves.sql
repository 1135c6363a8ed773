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
FROM visit_moves AS m
INNER JOIN batch_visits AS v
    ON
        v.un_location_code = m.un_location_code
        AND v.equipment_reference = m.equipment_reference
        AND v.visit_no = m.visit_no
LEFT JOIN files AS f ON f.file_seq = m._file_seq
ORDER BY m.event_at, m.equipment_reference, m.move_no
