-- grain: one row a live batch whose milestones run backwards: left out of clearance times, counted here
SELECT
    consignment_id,
    un_location_code,
    arrived_at,
    lodged_at,
    inspected_at,
    released_at
FROM wanted_clearances
WHERE is_impossible_order
ORDER BY un_location_code, arrived_at, consignment_id
