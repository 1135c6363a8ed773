-- grain: one row: the set values of the safety desk, a column each
-- view
SELECT
    max(CASE WHEN v.name = 'heat_uplift_c' THEN v.value END) AS heat_uplift_c,
    max(CASE WHEN v.name = 'heat_max_days_old' THEN v.value END) AS heat_max_days_old,
    max(CASE WHEN v.name = 'degree_day_base_c' THEN v.value END) AS degree_day_base_c,
    max(CASE WHEN v.name = 'flashpoint_share' THEN v.value END) AS flashpoint_share,
    max(CASE WHEN v.name = 'adjacent_bays' THEN v.value END) AS adjacent_bays,
    max(CASE WHEN v.name = 'survival_window_days' THEN v.value END) AS survival_window_days,
    max(CASE WHEN v.name = 'survival_min_at_risk' THEN v.value END) AS survival_min_at_risk
FROM safety_values AS v
