-- grain: one row a port, or a facility or block in it, with any batch in the yard at as_of: the gravest first
SELECT
    s.un_location_code,
    CASE WHEN a.by_facility THEN s.facility_code END AS facility_code,
    CASE WHEN a.by_block THEN s.block END AS block,
    count(*) AS batches,
    count(*) FILTER (WHERE s.is_unidentified) AS unidentified_batches,
    count(*) FILTER (WHERE s.is_overdue) AS overdue_batches,
    count(*) FILTER (WHERE s.heat_margin_c < 0) AS hot_batches,
    count(*) FILTER (WHERE s.heat_margin_c IS NULL) AS batches_without_heat_margin,
    count(*) FILTER (WHERE s.segregation_alerts > 0) AS batches_in_segregation_alerts,
    count(*) FILTER (WHERE s.segregation_alerts IS NULL) AS batches_not_compared,
    CAST(sum(s.open_findings) AS BIGINT) AS open_findings,
    CAST(sum(CAST(s.net_kilograms AS DECIMAL(38, 6))) AS DOUBLE) AS net_kilograms,
    count(*) FILTER (WHERE s.net_kilograms IS NULL OR s.items_without_quantity > 0) AS batches_without_quantity,
    max(s.score) AS top_score,
    CAST(sum(CAST(s.score AS DECIMAL(38, 12))) AS DOUBLE) / nullif(count(s.score), 0) AS mean_score
FROM risk_scores AS s
CROSS JOIN asked_risk AS a
GROUP BY
    s.un_location_code,
    CASE WHEN a.by_facility THEN s.facility_code END,
    CASE WHEN a.by_block THEN s.block END
ORDER BY unidentified_batches DESC, top_score DESC, s.un_location_code, facility_code, block
