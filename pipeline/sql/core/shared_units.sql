-- grain: one row a visit that carries several batches: their gravest class and smallest limit
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
    array_join(sort_array(collect_list(s.consignment_id)), ';') AS consignment_id,
    nullif(min_by(coalesce(s.direction, ''), (s.class_rank, s.consignment_id)), '') AS direction,
    min_by(s.lead_class, (s.class_rank, s.consignment_id)) AS lead_class,
    min(s.hazard_rank) AS hazard_rank,
    min(s.class_rank) AS class_rank,
    min(s.limit_hours) AS limit_hours,
    min_by(s.limit_rule_id, (s.limit_hours, s.limit_rule_id)) AS limit_rule_id,
    min_by(s.limit_is_illustrative, (s.limit_hours, s.limit_rule_id)) AS limit_is_illustrative
FROM shared_visits AS h
INNER JOIN claims AS c
    ON
        c.un_location_code = h.un_location_code
        AND c.equipment_reference = h.equipment_reference
        AND c.visit_no = h.visit_no
INNER JOIN batch_stays AS s ON s.un_location_code = c.un_location_code AND s.batch_id = c.batch_id
GROUP BY
    c.un_location_code,
    c.equipment_reference,
    c.visit_no,
    c.facility_code,
    c.block,
    c.started_at,
    c.ended_at,
    c.exit_type
