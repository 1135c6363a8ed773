-- grain: one row a stay of the batch asked for; a batch that was never in a yard has one row without a stay
SELECT
    coalesce(c.consignment_id, s.consignment_id) AS consignment_id,
    coalesce(s.un_location_code, c.un_location_code) AS un_location_code,
    s.facility_code,
    c.direction,
    coalesce(s.lead_class, l.lead_class, 'unidentified') AS lead_class,
    s.units,
    s.arrived_at,
    s.left_at,
    (unix_micros(s.left_at) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE) AS dwell_hours,
    CASE
        WHEN s.left_at IS NULL
            THEN (unix_micros(p.as_of) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE)
    END AS age_hours,
    s.limit_hours,
    s.limit_rule_id,
    s.limit_is_illustrative,
    s.overdue_at,
    coalesce(s.left_at IS NULL AND s.overdue_at <= p.as_of, FALSE) AS is_overdue,
    CASE
        WHEN s.left_at IS NULL AND s.overdue_at <= p.as_of
            THEN (unix_micros(p.as_of) - unix_micros(s.overdue_at)) / CAST(3600000000 AS DOUBLE)
    END AS overdue_hours,
    s.exit_type,
    s.equipment_reference,
    c.declaration_no,
    c.customs_office_code,
    c.manifested_at,
    c.consignee,
    c.goods_value,
    c.currency
FROM (
    SELECT b.* FROM batch_stays AS b
    CROSS JOIN story AS q
    WHERE b.consignment_id = q.consignment_id OR (b.consignment_id IS NULL AND b.first_unit = q.equipment_reference)
) AS s
FULL OUTER JOIN (
    SELECT d.* FROM consignments AS d
    INNER JOIN story AS q ON q.consignment_id = d.consignment_id
) AS c ON c.consignment_id = s.consignment_id
CROSS JOIN params AS p
LEFT JOIN lead_classes AS l ON l.consignment_id = c.consignment_id
ORDER BY s.arrived_at, s.un_location_code
