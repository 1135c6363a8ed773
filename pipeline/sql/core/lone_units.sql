-- grain: one row a visit that carries one batch, or none and is one: with the class and the limit of its stay
-- view
SELECT
    c.un_location_code,
    c.equipment_reference,
    c.visit_no,
    c.facility_code,
    c.block,
    c.started_at,
    c.ended_at,
    c.exit_type,
    s.consignment_id,
    s.direction,
    s.lead_class,
    s.hazard_rank,
    s.class_rank,
    s.limit_hours,
    s.limit_rule_id,
    s.limit_is_illustrative
FROM claims AS c
LEFT JOIN shared_visits AS h
    ON
        h.un_location_code = c.un_location_code
        AND h.equipment_reference = c.equipment_reference
        AND h.visit_no = c.visit_no
INNER JOIN batch_stays AS s ON s.batch_id = c.batch_id AND s.un_location_code = c.un_location_code
WHERE h.visit_no IS NULL
