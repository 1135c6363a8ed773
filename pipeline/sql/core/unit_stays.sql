-- grain: one row a visit as a unit of count: the gravest class and the smallest limit of the batches it carries
-- Nearly every visit carries one batch, or none and is one: those are taken as they are, and only the others summed.
WITH shared AS (
    SELECT un_location_code, equipment_reference, visit_no
    FROM links
    GROUP BY un_location_code, equipment_reference, visit_no
    HAVING count(*) > 1
),

of_one AS (
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
    LEFT JOIN shared AS h
        ON
            h.un_location_code = c.un_location_code
            AND h.equipment_reference = c.equipment_reference
            AND h.visit_no = c.visit_no
    INNER JOIN batch_stays AS s ON s.batch_id = c.batch_id AND s.un_location_code = c.un_location_code
    WHERE h.visit_no IS NULL
),

summed AS (
    SELECT
        l.un_location_code,
        l.equipment_reference,
        l.visit_no,
        array_join(sort_array(collect_list(s.consignment_id)), ';') AS consignment_id,
        nullif(min_by(coalesce(s.direction, ''), (s.class_rank, s.consignment_id)), '') AS direction,
        min_by(s.lead_class, (s.class_rank, s.consignment_id)) AS lead_class,
        min(s.hazard_rank) AS hazard_rank,
        min(s.class_rank) AS class_rank,
        min(s.limit_hours) AS limit_hours,
        min_by(s.limit_rule_id, (s.limit_hours, s.limit_rule_id)) AS limit_rule_id,
        min_by(s.limit_is_illustrative, (s.limit_hours, s.limit_rule_id)) AS limit_is_illustrative
    FROM shared AS h
    INNER JOIN links AS l
        ON
            l.un_location_code = h.un_location_code
            AND l.equipment_reference = h.equipment_reference
            AND l.visit_no = h.visit_no
    INNER JOIN batch_stays AS s
        ON s.un_location_code = l.un_location_code AND s.batch_id = l.consignment_id
    GROUP BY l.un_location_code, l.equipment_reference, l.visit_no
),

counted AS (
    SELECT * FROM of_one
    UNION ALL
    SELECT
        v.un_location_code,
        v.equipment_reference,
        v.visit_no,
        v.facility_code,
        v.block,
        v.started_at,
        v.ended_at,
        v.exit_type,
        s.consignment_id,
        s.direction,
        s.lead_class,
        s.hazard_rank,
        s.class_rank,
        s.limit_hours,
        s.limit_rule_id,
        s.limit_is_illustrative
    FROM summed AS s
    INNER JOIN visits AS v
        ON
            v.un_location_code = s.un_location_code
            AND v.equipment_reference = s.equipment_reference
            AND v.visit_no = s.visit_no
)

SELECT
    concat(c.equipment_reference, chr(31), CAST(c.visit_no AS STRING)) AS batch_id,
    c.consignment_id,
    c.equipment_reference,
    c.equipment_reference AS first_unit,
    c.un_location_code,
    c.facility_code,
    c.block,
    c.direction,
    c.lead_class,
    c.hazard_rank,
    c.class_rank,
    CAST(1 AS BIGINT) AS units,
    c.started_at AS arrived_at,
    c.ended_at AS left_at,
    c.limit_hours,
    c.limit_rule_id,
    c.limit_is_illustrative,
    timestamp_micros(
        unix_micros(c.started_at) + CAST(round(c.limit_hours * 3600000000) AS BIGINT)
    ) AS overdue_at,
    CASE WHEN c.ended_at IS NOT NULL THEN c.exit_type END AS exit_type,
    p.time_zone
FROM counted AS c
INNER JOIN ports AS p ON p.un_location_code = c.un_location_code
