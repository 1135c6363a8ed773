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
    LEFT JOIN links AS l
        ON
            l.un_location_code = v.un_location_code
            AND l.equipment_reference = v.equipment_reference
            AND l.visit_no = v.visit_no
    INNER JOIN batch_stays AS s
        ON
            s.un_location_code = v.un_location_code
            AND s.batch_id = coalesce(
                l.consignment_id, concat(chr(31), v.equipment_reference, chr(31), CAST(v.visit_no AS VARCHAR))
            )
),

-- The empty text stands in for null: min_by differs between engines over it.
summed AS (
    SELECT
        c.un_location_code,
        c.equipment_reference,
        c.visit_no,
        count(*) AS batches,
        max(c.consignment_id) AS consignment_id,
        nullif(min_by(coalesce(c.direction, ''), (c.class_rank, coalesce(c.consignment_id, ''))), '') AS direction,
        min_by(c.lead_class, (c.class_rank, coalesce(c.consignment_id, ''))) AS lead_class,
        min(c.hazard_rank) AS hazard_rank,
        min(c.class_rank) AS class_rank,
        min(c.limit_hours) AS limit_hours,
        min_by(c.limit_rule_id, (c.limit_hours, c.limit_rule_id)) FILTER (WHERE c.limit_hours IS NOT NULL)
            AS limit_rule_id,
        coalesce(
            min_by(c.limit_is_illustrative, (c.limit_hours, c.limit_rule_id)) FILTER (
                WHERE c.limit_hours IS NOT NULL
            ),
            FALSE
        ) AS limit_is_illustrative
    FROM carried AS c
    GROUP BY c.un_location_code, c.equipment_reference, c.visit_no
),

-- Few visits carry several batches; a list for every visit would cost more than all the rest.
listed AS (
    SELECT
        c.un_location_code,
        c.equipment_reference,
        c.visit_no,
        array_join(sort_array(collect_list(c.consignment_id)), ';') AS consignment_ids
    FROM carried AS c
    INNER JOIN summed AS s
        ON
            s.un_location_code = c.un_location_code
            AND s.equipment_reference = c.equipment_reference
            AND s.visit_no = c.visit_no
    WHERE s.batches > 1
    GROUP BY c.un_location_code, c.equipment_reference, c.visit_no
)

SELECT
    concat(v.equipment_reference, chr(31), CAST(v.visit_no AS VARCHAR)) AS batch_id,
    coalesce(i.consignment_ids, s.consignment_id) AS consignment_id,
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
LEFT JOIN listed AS i
    ON
        i.un_location_code = v.un_location_code
        AND i.equipment_reference = v.equipment_reference
        AND i.visit_no = v.visit_no
INNER JOIN ports AS p ON p.un_location_code = v.un_location_code
