-- grain: one row a visit of an odd unit: from the first in of a run of ins to the last out of the run of outs after it
-- At one instant ins come before outs. visit_no 0 would be outs with no in before them: orphans, in no visit.
WITH gate_moves AS (
    SELECT
        un_location_code,
        equipment_reference,
        event_at,
        flow,
        lag(flow) OVER (
            PARTITION BY un_location_code, equipment_reference ORDER BY event_at, flow
        ) AS flow_before
    FROM odd_moves
    WHERE flow IN ('in', 'out')
),

numbered AS (
    SELECT
        un_location_code,
        equipment_reference,
        event_at,
        flow,
        sum(CASE WHEN flow = 'in' AND coalesce(flow_before, 'out') = 'out' THEN 1 ELSE 0 END) OVER (
            PARTITION BY un_location_code, equipment_reference
            ORDER BY event_at, flow
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS visit_no
    FROM gate_moves
)

SELECT
    un_location_code,
    equipment_reference,
    CAST(visit_no AS BIGINT) AS visit_no,
    min(event_at) AS started_at,
    max(event_at) FILTER (WHERE flow = 'out') AS ended_at
FROM numbered
WHERE visit_no > 0
GROUP BY un_location_code, equipment_reference, visit_no
