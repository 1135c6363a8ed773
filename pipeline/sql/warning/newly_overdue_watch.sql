-- grain: one row a watched day with a whole baseline before it: the CUSUM of newly overdue batches against its threshold
SELECT
    c.un_location_code,
    c.day,
    'newly_overdue' AS indicator,
    c.cusum AS value,
    c.threshold AS limit_value,
    c.cusum > c.threshold AS has_fired
FROM newly_overdue_cusum AS c
