-- grain: one row a visit: one unit at one port, from the first in of a run of ins to the last out of the run of outs after it
-- view
SELECT un_location_code, equipment_reference, CAST(1 AS BIGINT) AS visit_no, started_at, ended_at
FROM unit_summaries
WHERE NOT is_odd
UNION ALL
SELECT un_location_code, equipment_reference, visit_no, started_at, ended_at
FROM odd_visit_spans
