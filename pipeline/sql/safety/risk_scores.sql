-- grain: one row a batch in the yard at as_of: each part of its risk from 0 to 1, and the score from 0 to 100
-- The score is the weighted mean of the parts that are told: what is not told neither raises nor lowers it, and is named.
WITH scaled AS (
    SELECT
        r.*,
        greatest(0, least(1, (r.hazard_rank - w.hazard_zero) / (w.hazard_full - w.hazard_zero))) AS hazard_part,
        CASE
            WHEN r.limit_hours = 0 THEN CAST(1 AS DOUBLE)
            ELSE greatest(0, least(1, (r.overdue_ratio - w.overdue_zero) / (w.overdue_full - w.overdue_zero)))
        END AS overdue_part,
        greatest(0, least(1, (r.heat_margin_c - w.heat_margin_zero) / (w.heat_margin_full - w.heat_margin_zero)))
        * CASE WHEN r.heat_basis = 'flashpoint' THEN v.flashpoint_share ELSE CAST(1 AS DOUBLE) END AS heat_margin_part,
        greatest(0, least(1, (r.degree_days - w.degree_days_zero) / (w.degree_days_full - w.degree_days_zero)))
            AS degree_days_part,
        greatest(0, least(1, (r.quantity_ratio - w.quantity_zero) / (w.quantity_full - w.quantity_zero)))
            AS quantity_part,
        greatest(0, least(1, (r.open_findings - w.findings_zero) / (w.findings_full - w.findings_zero)))
            AS findings_part,
        greatest(
            0, least(1, (r.segregation_severity - w.segregation_zero) / (w.segregation_full - w.segregation_zero))
        ) AS segregation_part
    FROM risk_parts AS r
    CROSS JOIN weights_set AS w
    CROSS JOIN safety_set AS v
),

told AS (
    SELECT
        s.*,
        CASE WHEN s.hazard_rank IS NULL THEN NULL ELSE s.hazard_part END AS hazard_told,
        CASE WHEN s.limit_hours IS NULL THEN NULL ELSE s.overdue_part END AS overdue_told,
        CASE WHEN s.heat_margin_c IS NULL THEN NULL ELSE s.heat_margin_part END AS heat_margin_told,
        CASE WHEN s.degree_days IS NULL THEN NULL ELSE s.degree_days_part END AS degree_days_told,
        CASE WHEN s.quantity_ratio IS NULL THEN NULL ELSE s.quantity_part END AS quantity_told,
        s.findings_part AS findings_told,
        CASE WHEN s.segregation_alerts IS NULL THEN NULL ELSE s.segregation_part END AS segregation_told
    FROM scaled AS s
),

weighed AS (
    SELECT
        t.*,
        coalesce(t.hazard_told * w.hazard_weight, 0)
        + coalesce(t.overdue_told * w.overdue_weight, 0)
        + coalesce(t.heat_margin_told * w.heat_margin_weight, 0)
        + coalesce(t.degree_days_told * w.degree_days_weight, 0)
        + coalesce(t.quantity_told * w.quantity_weight, 0)
        + coalesce(t.findings_told * w.findings_weight, 0)
        + coalesce(t.segregation_told * w.segregation_weight, 0) AS weighted,
        CASE WHEN t.hazard_told IS NULL THEN CAST(0 AS DOUBLE) ELSE w.hazard_weight END
        + CASE WHEN t.overdue_told IS NULL THEN CAST(0 AS DOUBLE) ELSE w.overdue_weight END
        + CASE WHEN t.heat_margin_told IS NULL THEN CAST(0 AS DOUBLE) ELSE w.heat_margin_weight END
        + CASE WHEN t.degree_days_told IS NULL THEN CAST(0 AS DOUBLE) ELSE w.degree_days_weight END
        + CASE WHEN t.quantity_told IS NULL THEN CAST(0 AS DOUBLE) ELSE w.quantity_weight END
        + CASE WHEN t.findings_told IS NULL THEN CAST(0 AS DOUBLE) ELSE w.findings_weight END
        + CASE WHEN t.segregation_told IS NULL THEN CAST(0 AS DOUBLE) ELSE w.segregation_weight END AS weight_told,
        w.hazard_weight + w.overdue_weight + w.heat_margin_weight + w.degree_days_weight + w.quantity_weight
        + w.findings_weight + w.segregation_weight AS weight_all
    FROM told AS t
    CROSS JOIN weights_set AS w
)

SELECT
    g.*,
    CASE WHEN g.weight_told > 0 THEN 100 * g.weighted / g.weight_told END AS score,
    CASE WHEN g.weight_all > 0 THEN g.weight_told / g.weight_all END AS told_share,
    concat(
        CASE WHEN g.hazard_told IS NULL THEN 'hazard;' ELSE '' END,
        CASE WHEN g.overdue_told IS NULL THEN 'overdue;' ELSE '' END,
        CASE WHEN g.heat_margin_told IS NULL THEN 'heat_margin;' ELSE '' END,
        CASE WHEN g.degree_days_told IS NULL THEN 'degree_days;' ELSE '' END,
        CASE WHEN g.quantity_told IS NULL THEN 'quantity;' ELSE '' END,
        CASE WHEN g.segregation_told IS NULL THEN 'segregation;' ELSE '' END
    ) AS missing_told
FROM weighed AS g
