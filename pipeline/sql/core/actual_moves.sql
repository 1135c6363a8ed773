-- grain: one row a live, actual move at known_at, of any instant
-- view
SELECT
    m.un_location_code,
    m.equipment_reference,
    m.event_id,
    m.event_type,
    t.flow,
    m.event_at,
    m.consignment_id,
    m.facility_code,
    m.block,
    m.bay,
    m.row,
    m.tier,
    m.exit_type,
    m.recorded_at,
    m._known_at,
    m._file_seq,
    m._line,
    m._warnings
FROM live_moves AS m
INNER JOIN event_types AS t ON t.code = m.event_type
WHERE coalesce(m.event_classifier, 'ACT') = 'ACT'
