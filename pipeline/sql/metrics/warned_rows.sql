-- grain: one row a live row that was accepted but looks wrong, with all its warnings as they stand now
WITH rows_told AS (
    SELECT
        'consignments' AS source, c.consignment_id AS record_key, c.un_location_code,
        CAST(NULL AS STRING) AS named_consignment, c._warnings, c._file_seq, c._line
    FROM consignments AS c
    UNION ALL
    SELECT
        'dg_items' AS source, concat_ws(' ', i.consignment_id, i.item_no) AS record_key,
        CAST(NULL AS STRING) AS un_location_code,
        i.consignment_id AS named_consignment, i._warnings, i._file_seq, i._line
    FROM dg_items AS i
    UNION ALL
    SELECT
        'yard_moves' AS source, m.event_id AS record_key, m.un_location_code,
        m.consignment_id AS named_consignment, m._warnings, m._file_seq, m._line
    FROM live_moves AS m
    UNION ALL
    SELECT
        'clearance_milestones' AS source, concat_ws(' ', s.consignment_id, s.milestone) AS record_key,
        CAST(NULL AS STRING) AS un_location_code,
        s.consignment_id AS named_consignment, s._warnings, s._file_seq, s._line
    FROM all_milestones AS s
    UNION ALL
    SELECT
        'inspection_findings' AS source, f.finding_id AS record_key, CAST(NULL AS STRING) AS un_location_code,
        f.consignment_id AS named_consignment, f._warnings, f._file_seq, f._line
    FROM all_findings AS f
    UNION ALL
    SELECT
        'penalty_cases' AS source, k.case_no AS record_key, CAST(NULL AS STRING) AS un_location_code,
        k.consignment_id AS named_consignment, k._warnings, k._file_seq, k._line
    FROM all_cases AS k
    UNION ALL
    SELECT
        'daily_weather' AS source, concat_ws(' ', w.un_location_code, CAST(w.date AS STRING)) AS record_key,
        w.un_location_code, CAST(NULL AS STRING) AS named_consignment, w._warnings, w._file_seq, w._line
    FROM live_weather AS w
),

placed AS (
    SELECT
        r.*,
        coalesce(r.un_location_code, c.un_location_code) AS port_code,
        r.named_consignment IS NOT NULL AND c.consignment_id IS NULL AS is_unknown
    FROM rows_told AS r
    LEFT JOIN consignments AS c ON c.consignment_id = r.named_consignment
)

SELECT
    p.source,
    g.file,
    p._line AS line,
    p.record_key AS key,
    concat_ws(' ', p._warnings, CASE WHEN p.is_unknown THEN 'unknown_consignment' END) AS warnings,
    p.port_code AS un_location_code
FROM placed AS p
LEFT JOIN files AS g ON g.file_seq = p._file_seq
WHERE
    (p._warnings IS NOT NULL OR p.is_unknown)
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR p.port_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
ORDER BY p.source, g.file, p._file_seq, p._line
