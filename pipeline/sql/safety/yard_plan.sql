-- grain: one row a unit that stands in the yard at as_of: where it was last told to stand, and the gravest of its batches
WITH gravest AS (
    SELECT
        b.visit_id,
        min(r.risk_rank) AS risk_rank,
        max(r.score) AS score
    FROM batch_units_now AS b
    INNER JOIN risk_scores AS s ON s.batch_id = b.batch_id AND s.un_location_code = b.un_location_code
    INNER JOIN risk AS r
        ON
            r.un_location_code = s.un_location_code
            AND coalesce(r.consignment_id, '') = coalesce(s.consignment_id, '')
            AND r.equipment_reference = s.equipment_reference
            AND r.arrived_at = s.arrived_at
    GROUP BY b.visit_id
)

SELECT
    u.un_location_code,
    u.facility_code,
    u.block,
    u.bay,
    u.row,
    u.tier,
    u.equipment_reference,
    u.consignment_id,
    u.lead_class,
    u.hazard_rank,
    g.score,
    g.risk_rank,
    u.arrived_at,
    (unix_micros(p.as_of) - unix_micros(u.arrived_at)) / CAST(3600000000 AS DOUBLE) AS age_hours,
    u.overdue_at,
    coalesce(u.overdue_at <= p.as_of, FALSE) AS is_overdue,
    u.segregation_alerts
FROM units_now AS u
INNER JOIN gravest AS g ON g.visit_id = u.visit_id
CROSS JOIN params AS p
ORDER BY
    u.un_location_code,
    u.facility_code NULLS LAST,
    u.block NULLS LAST,
    u.bay NULLS LAST,
    u.row NULLS LAST,
    u.tier NULLS LAST,
    u.equipment_reference
