-- grain: one row a batch with findings that nobody settled: found by an inspection, and not released since
WITH releases AS (
    SELECT consignment_id, max(occurred_at) AS released_at
    FROM milestones
    WHERE milestone = 'released'
    GROUP BY consignment_id
)

SELECT
    f.consignment_id,
    count(*) AS open_findings
FROM findings AS f
LEFT JOIN releases AS r ON r.consignment_id = f.consignment_id
WHERE f.result = 'finding' AND (r.released_at IS NULL OR r.released_at < f.inspected_at)
GROUP BY f.consignment_id
