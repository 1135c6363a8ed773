-- grain: one row: what is in the yard at as_of by each sign of risk, and who passes the limit next
WITH horizons AS (
    SELECT
        max(CASE WHEN within_hours = 24 THEN batches END) AS limits_in_day,
        max(CASE WHEN within_hours = 24 THEN expected_overdue_batches END) AS expected_in_day,
        max(CASE WHEN within_hours = 24 THEN batches_without_chance END) AS without_chance_in_day
    FROM limit_horizons
)

SELECT
    count(s.batch_id) AS batches,
    count(*) FILTER (WHERE s.is_unidentified) AS unidentified_batches,
    count(*) FILTER (WHERE s.is_overdue) AS overdue_batches,
    count(*) FILTER (WHERE s.heat_margin_c < 0) AS hot_batches,
    count(*) FILTER (WHERE s.heat_margin_c < 0 AND s.heat_basis <> 'flashpoint') AS hot_decomposing_batches,
    count(s.batch_id) FILTER (WHERE s.heat_margin_c IS NULL) AS batches_without_heat_margin,
    count(*) FILTER (WHERE s.segregation_alerts > 0) AS batches_in_segregation_alerts,
    count(s.batch_id) FILTER (WHERE s.segregation_alerts IS NULL) AS batches_not_compared,
    count(*) FILTER (WHERE s.open_findings > 0) AS batches_with_open_findings,
    max(h.limits_in_day) AS limits_in_day,
    max(h.expected_in_day) AS expected_in_day,
    max(h.without_chance_in_day) AS without_chance_in_day
FROM horizons AS h
LEFT JOIN risk_scores AS s ON 1 = 1
