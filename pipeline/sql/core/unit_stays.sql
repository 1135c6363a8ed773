-- grain: one row a visit as a unit of count: the gravest class and the smallest limit of the batches it carries
WITH carried AS (
    SELECT
        v.un_location_code,
        v.equipment_reference,
        v.visit_no,
        s.consignment_id,
        s.direction,
        s.lead_class,
        s.hazard_rank,
        s.class_rank,
        s.limit_hours,
        s.limit_rule_id,
        s.limit_is_illustrative
    FROM visits AS v
    INNER JOIN links AS l
        ON
            l.un_location_code = v.un_location_code
            AND l.equipment_reference = v.equipment_reference
            AND l.visit_no = v.visit_no
    INNER JOIN batch_stays AS s
        ON s.batch_id = l.consignment_id AND s.un_location_code = l.un_location_code
    UNION ALL
    SELECT
        v.un_location_code,
        v.equipment_reference,
        v.visit_no,
        s.consignment_id,
        s.direction,
        s.lead_class,
        s.hazard_rank,
        s.class_rank,
        s.limit_hours,
        s.limit_rule_id,
        s.limit_is_illustrative
    FROM visits AS v
    INNER JOIN batch_stays AS s
        ON
            s.batch_id = concat(chr(31), v.equipment_reference, chr(31), CAST(v.visit_no AS VARCHAR))
            AND s.un_location_code = v.un_location_code
),

ordered AS (
    SELECT
        c.*,
        row_number() OVER (
            PARTITION BY c.un_location_code, c.equipment_reference, c.visit_no
            ORDER BY c.class_rank, c.consignment_id
        ) AS class_order,
        row_number() OVER (
            PARTITION BY c.un_location_code, c.equipment_reference, c.visit_no
            ORDER BY CASE WHEN c.limit_hours IS NULL THEN 1 ELSE 0 END, c.limit_hours, c.limit_rule_id
        ) AS limit_order
    FROM carried AS c
),

summed AS (
    SELECT
        o.un_location_code,
        o.equipment_reference,
        o.visit_no,
        array_join(sort_array(collect_list(o.consignment_id)), ';') AS consignment_ids,
        max(CASE WHEN o.class_order = 1 THEN o.direction END) AS direction,
        max(CASE WHEN o.class_order = 1 THEN o.lead_class END) AS lead_class,
        min(o.hazard_rank) AS hazard_rank,
        min(o.class_rank) AS class_rank,
        max(CASE WHEN o.limit_order = 1 THEN o.limit_hours END) AS limit_hours,
        max(CASE WHEN o.limit_order = 1 THEN o.limit_rule_id END) AS limit_rule_id,
        bool_or(o.limit_order = 1 AND o.limit_is_illustrative) AS limit_is_illustrative
    FROM ordered AS o
    GROUP BY o.un_location_code, o.equipment_reference, o.visit_no
)

SELECT
    concat(v.equipment_reference, chr(31), CAST(v.visit_no AS VARCHAR)) AS batch_id,
    CASE WHEN s.consignment_ids <> '' THEN s.consignment_ids END AS consignment_id,
    v.equipment_reference,
    v.equipment_reference AS first_unit,
    v.un_location_code,
    v.facility_code,
    v.block,
    s.direction,
    s.lead_class,
    s.hazard_rank,
    s.class_rank,
    CAST(1 AS BIGINT) AS units,
    v.started_at AS arrived_at,
    v.ended_at AS left_at,
    s.limit_hours,
    s.limit_rule_id,
    s.limit_is_illustrative,
    timestamp_micros(
        unix_micros(v.started_at) + CAST(round(s.limit_hours * 3600000000) AS BIGINT)
    ) AS overdue_at,
    CASE WHEN v.ended_at IS NOT NULL THEN v.exit_type END AS exit_type,
    p.time_zone
FROM visits AS v
INNER JOIN summed AS s
    ON
        s.un_location_code = v.un_location_code
        AND s.equipment_reference = v.equipment_reference
        AND s.visit_no = v.visit_no
INNER JOIN ports AS p ON p.un_location_code = v.un_location_code
