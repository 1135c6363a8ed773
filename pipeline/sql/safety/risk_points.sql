-- grain: one row a (batch in the yard at as_of, part of its risk that is told): the points of its score that the part makes
WITH parts AS (
    SELECT s.risk_rank, s.consignment_id, s.equipment_reference, s.un_location_code, s.lead_class, s.score,
        'hazard' AS part, s.hazard_part AS value
    FROM risk AS s
    UNION ALL
    SELECT s.risk_rank, s.consignment_id, s.equipment_reference, s.un_location_code, s.lead_class, s.score,
        'overdue' AS part, s.overdue_part AS value
    FROM risk AS s
    UNION ALL
    SELECT s.risk_rank, s.consignment_id, s.equipment_reference, s.un_location_code, s.lead_class, s.score,
        'heat_margin' AS part, s.heat_margin_part AS value
    FROM risk AS s
    UNION ALL
    SELECT s.risk_rank, s.consignment_id, s.equipment_reference, s.un_location_code, s.lead_class, s.score,
        'degree_days' AS part, s.degree_days_part AS value
    FROM risk AS s
    UNION ALL
    SELECT s.risk_rank, s.consignment_id, s.equipment_reference, s.un_location_code, s.lead_class, s.score,
        'quantity' AS part, s.quantity_part AS value
    FROM risk AS s
    UNION ALL
    SELECT s.risk_rank, s.consignment_id, s.equipment_reference, s.un_location_code, s.lead_class, s.score,
        'findings' AS part, s.findings_part AS value
    FROM risk AS s
    UNION ALL
    SELECT s.risk_rank, s.consignment_id, s.equipment_reference, s.un_location_code, s.lead_class, s.score,
        'segregation' AS part, s.segregation_part AS value
    FROM risk AS s
),

weighed AS (
    SELECT
        p.*,
        w.weight,
        sum(w.weight) OVER (PARTITION BY p.risk_rank) AS weight_told
    FROM parts AS p
    INNER JOIN asked_weights AS w ON w.part = p.part
    WHERE p.value IS NOT NULL
)

SELECT
    g.risk_rank,
    g.consignment_id,
    g.equipment_reference,
    g.un_location_code,
    g.lead_class,
    g.score,
    g.part,
    CASE WHEN g.weight_told > 0 THEN 100 * g.value * g.weight / g.weight_told END AS score_points
FROM weighed AS g
ORDER BY g.risk_rank, g.part
