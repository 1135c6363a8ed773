-- grain: one row an actual out with no in before it, with file and line
SELECT
    o.event_id,
    o.un_location_code,
    o.equipment_reference,
    o.event_type,
    o.event_at,
    o.consignment_id,
    f.file,
    o._line AS line
FROM orphan_outs AS o
LEFT JOIN files AS f ON f.file_seq = o._file_seq
WHERE
    NOT EXISTS (SELECT 1 FROM wanted_ports)
    OR o.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
ORDER BY o.un_location_code, o.event_at, o.event_id
