-- grain: one row a visit as a unit of count: the gravest class and the smallest limit of the batches it carries
-- Nearly every visit carries one batch, or none and is one: those are taken as they are, and only the others summed.
WITH counted AS (
    SELECT * FROM lone_units
    UNION ALL
    SELECT * FROM shared_units
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
