-- grain: one row a batch
SELECT
    consignment_id,
    un_location_code,
    'import' AS direction,
    arrived_at - INTERVAL 2 DAY AS manifested_at,
    arrived_at AS recorded_at
FROM stays
