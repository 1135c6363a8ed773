-- grain: one row: the weight of each part of the risk, and from where to where the part counts
-- view
SELECT
    max(CASE WHEN w.part = 'hazard' THEN w.weight END) AS hazard_weight,
    max(CASE WHEN w.part = 'hazard' THEN w.zero_at END) AS hazard_zero,
    max(CASE WHEN w.part = 'hazard' THEN w.full_at END) AS hazard_full,
    max(CASE WHEN w.part = 'overdue' THEN w.weight END) AS overdue_weight,
    max(CASE WHEN w.part = 'overdue' THEN w.zero_at END) AS overdue_zero,
    max(CASE WHEN w.part = 'overdue' THEN w.full_at END) AS overdue_full,
    max(CASE WHEN w.part = 'heat_margin' THEN w.weight END) AS heat_margin_weight,
    max(CASE WHEN w.part = 'heat_margin' THEN w.zero_at END) AS heat_margin_zero,
    max(CASE WHEN w.part = 'heat_margin' THEN w.full_at END) AS heat_margin_full,
    max(CASE WHEN w.part = 'degree_days' THEN w.weight END) AS degree_days_weight,
    max(CASE WHEN w.part = 'degree_days' THEN w.zero_at END) AS degree_days_zero,
    max(CASE WHEN w.part = 'degree_days' THEN w.full_at END) AS degree_days_full,
    max(CASE WHEN w.part = 'quantity' THEN w.weight END) AS quantity_weight,
    max(CASE WHEN w.part = 'quantity' THEN w.zero_at END) AS quantity_zero,
    max(CASE WHEN w.part = 'quantity' THEN w.full_at END) AS quantity_full,
    max(CASE WHEN w.part = 'findings' THEN w.weight END) AS findings_weight,
    max(CASE WHEN w.part = 'findings' THEN w.zero_at END) AS findings_zero,
    max(CASE WHEN w.part = 'findings' THEN w.full_at END) AS findings_full,
    max(CASE WHEN w.part = 'segregation' THEN w.weight END) AS segregation_weight,
    max(CASE WHEN w.part = 'segregation' THEN w.zero_at END) AS segregation_zero,
    max(CASE WHEN w.part = 'segregation' THEN w.full_at END) AS segregation_full
FROM asked_weights AS w
