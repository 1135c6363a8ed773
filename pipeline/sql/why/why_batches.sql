-- grain: one row a (window, turn of a batch in it, move row) of the part asked for, with the file and line that it came from
SELECT
    b.window_name,
    b.turn,
    b.told,
    b.consignment_id,
    b.un_location_code,
    b.lead_class,
    b.arrived_at,
    b.left_at,
    (unix_micros(b.left_at) - unix_micros(b.arrived_at)) / CAST(3600000000 AS DOUBLE) AS dwell_hours,
    b.equipment_reference,
    b.event_id,
    b.event_type,
    b.event_at,
    b.recorded_at,
    b.known_at,
    f.file,
    b._line AS line
FROM moves_behind AS b
CROSS JOIN asked_part AS a
LEFT JOIN files AS f ON f.file_seq = b._file_seq
WHERE a.part IS NULL OR b.turn = a.part OR b.told = a.part
ORDER BY b.window_name, b.event_at, b.un_location_code, b.consignment_id, b.event_id
