-- grain: one row a visit, with what its moves say of it
-- view
-- consignment_id is the live batch that all moves of the unit name; what an odd unit carries is told by its links.
-- Moves of a visit are in the order (instant; in, inside, out; event_id).
SELECT
    un_location_code,
    equipment_reference,
    CAST(1 AS BIGINT) AS visit_no,
    started_at,
    ended_at,
    facility_code,
    exit_type,
    exit_named_at,
    exit_event_id,
    block,
    consignment_id
FROM unit_summaries
WHERE NOT is_odd
UNION ALL
SELECT
    un_location_code,
    equipment_reference,
    visit_no,
    min(started_at) AS started_at,
    max(ended_at) AS ended_at,
    min_by(facility_code, (event_at, flow_order, event_id)) FILTER (WHERE facility_code IS NOT NULL) AS facility_code,
    max_by(exit_type, (event_at, event_id)) FILTER (WHERE flow = 'out' AND exit_type IS NOT NULL) AS exit_type,
    max(event_at) FILTER (WHERE flow = 'out' AND exit_type IS NOT NULL) AS exit_named_at,
    max_by(event_id, (event_at, event_id)) FILTER (WHERE flow = 'out' AND exit_type IS NOT NULL) AS exit_event_id,
    max_by(block, (event_at, flow_order, event_id)) FILTER (WHERE block IS NOT NULL) AS block,
    CAST(NULL AS STRING) AS consignment_id
FROM odd_visit_moves
GROUP BY un_location_code, equipment_reference, visit_no
