-- grain: one row: the set values of the safety desk, a column each
-- view
SELECT
    max(CASE WHEN v.name = 'heat_uplift_c' THEN v.value END) AS heat_uplift_c,
    max(CASE WHEN v.name = 'heat_max_days_old' THEN v.value END) AS heat_max_days_old,
    max(CASE WHEN v.name = 'degree_day_base_c' THEN v.value END) AS degree_day_base_c,
    max(CASE WHEN v.name = 'flashpoint_share' THEN v.value END) AS flashpoint_share,
    max(CASE WHEN v.name = 'adjacent_bays' THEN v.value END) AS adjacent_bays
FROM safety_values AS v
