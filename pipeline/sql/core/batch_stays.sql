-- grain: one row a stay: one batch at one port, with its class, limit and local days; independent of as_of for what is past
WITH timed AS (
    SELECT
        b.*,
        c.direction,
        coalesce(l.lead_class, 'unidentified') AS lead_class,
        coalesce(l.hazard_rank, -1000000) AS hazard_rank,
        coalesce(l.class_rank, -1000000) AS class_rank,
        m.limit_hours,
        m.limit_rule_id,
        m.limit_is_illustrative,
        timestamp_micros(
            unix_micros(b.arrived_at) + CAST(round(m.limit_hours * 3600000000) AS BIGINT)
        ) AS overdue_at
    FROM batch_spans AS b
    LEFT JOIN consignments AS c ON c.consignment_id = b.consignment_id
    LEFT JOIN lead_classes AS l ON l.consignment_id = b.consignment_id
    LEFT JOIN limits AS m ON m.batch_id = b.batch_id AND m.un_location_code = b.un_location_code
)

SELECT
    t.batch_id,
    t.consignment_id,
    CASE WHEN t.consignment_id IS NULL THEN t.first_unit END AS equipment_reference,
    t.first_unit,
    t.un_location_code,
    t.facility_code,
    t.block,
    t.direction,
    t.lead_class,
    t.hazard_rank,
    t.class_rank,
    t.units,
    t.arrived_at,
    t.left_at,
    t.limit_hours,
    t.limit_rule_id,
    t.limit_is_illustrative,
    t.overdue_at,
    t.exit_type,
    p.time_zone
FROM timed AS t
INNER JOIN ports AS p ON p.un_location_code = t.un_location_code
