-- grain: one row a (source, file) with live rows that name a batch which is not there, or not there yet
WITH named AS (
    SELECT 'dg_items' AS source, i.consignment_id, i._file_seq FROM dg_items AS i
    UNION ALL
    SELECT 'yard_moves' AS source, m.consignment_id, m._file_seq FROM live_moves AS m
    WHERE m.consignment_id IS NOT NULL
    UNION ALL
    SELECT 'clearance_milestones' AS source, m.consignment_id, m._file_seq FROM all_milestones AS m
    UNION ALL
    SELECT 'inspection_findings' AS source, f.consignment_id, f._file_seq FROM all_findings AS f
    UNION ALL
    SELECT 'penalty_cases' AS source, k.consignment_id, k._file_seq FROM all_cases AS k
)

SELECT
    n.source,
    n._file_seq AS file_seq,
    count(*) AS rows
FROM named AS n
WHERE NOT EXISTS (SELECT 1 FROM consignments AS c WHERE c.consignment_id = n.consignment_id)
GROUP BY n.source, n._file_seq
ORDER BY n.source, n._file_seq
