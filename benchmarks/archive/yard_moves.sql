-- grain: one row a move: in and, where the box has left, out
SELECT
    'I' || consignment_id AS event_id,
    un_location_code,
    'T1' AS facility_code,
    equipment_reference,
    'DISC' AS event_type,
    arrived_at AS event_at,
    consignment_id,
    'B' || right(consignment_id, 1) AS block,
    arrived_at + INTERVAL 1 HOUR AS recorded_at
FROM stays
UNION ALL
SELECT
    'O' || consignment_id AS event_id,
    un_location_code,
    'T1' AS facility_code,
    equipment_reference,
    'GTOT' AS event_type,
    left_at AS event_at,
    NULL AS consignment_id,
    NULL AS block,
    left_at + INTERVAL 1 HOUR AS recorded_at
FROM stays
WHERE left_at IS NOT NULL
