-- grain: one row a (batch, unit of it that stands in the yard now)
SELECT
    b.consignment_id AS batch_id,
    b.un_location_code,
    b.visit_id
FROM unit_batches AS b
UNION ALL
SELECT
    concat(chr(31), u.batch_id) AS batch_id,
    u.un_location_code,
    u.visit_id
FROM met_units AS u
WHERE u.consignment_id IS NULL
