-- grain: one row a file of the load with accepted rows that carry a warning, or name a batch that is not there (yet)
WITH told AS (
    SELECT 'consignments' AS source, CAST(NULL AS STRING) AS consignment_id, _warnings, voided, _file_seq, _line
    FROM new_consignments
    UNION ALL
    SELECT 'dg_items' AS source, consignment_id, _warnings, voided, _file_seq, _line FROM new_dg_items
    UNION ALL
    SELECT 'yard_moves' AS source, consignment_id, _warnings, voided, _file_seq, _line FROM new_yard_moves
    UNION ALL
    SELECT 'clearance_milestones' AS source, consignment_id, _warnings, voided, _file_seq, _line
    FROM new_clearance_milestones
    UNION ALL
    SELECT 'inspection_findings' AS source, consignment_id, _warnings, voided, _file_seq, _line
    FROM new_inspection_findings
    UNION ALL
    SELECT 'penalty_cases' AS source, consignment_id, _warnings, voided, _file_seq, _line FROM new_penalty_cases
    UNION ALL
    SELECT 'daily_weather' AS source, CAST(NULL AS STRING) AS consignment_id, _warnings, voided, _file_seq, _line
    FROM new_daily_weather
    UNION ALL
    SELECT 'risk_alerts' AS source, CAST(NULL AS STRING) AS consignment_id, _warnings, voided, _file_seq, _line
    FROM new_risk_alerts
    UNION ALL
    SELECT 'interceptions' AS source, CAST(NULL AS STRING) AS consignment_id, _warnings, voided, _file_seq, _line
    FROM new_interceptions
    UNION ALL
    SELECT 'domestic_actions' AS source, CAST(NULL AS STRING) AS consignment_id, _warnings, voided, _file_seq, _line
    FROM new_domestic_actions
)

SELECT
    t._file_seq AS file_seq,
    count(*) AS warned_rows
FROM told AS t
LEFT JOIN consignments AS c ON c.consignment_id = t.consignment_id
LEFT JOIN losers AS l
    ON l.source = t.source AND l._file_seq = t._file_seq AND l._line = t._line
WHERE
    NOT coalesce(t.voided, FALSE)
    AND (t._warnings IS NOT NULL OR (t.consignment_id IS NOT NULL AND c.consignment_id IS NULL))
    AND l._line IS NULL
GROUP BY t._file_seq
