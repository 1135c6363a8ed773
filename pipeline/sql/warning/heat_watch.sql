-- grain: one row a watched day with goods in the yard and a known maximum: the day's maximum, in degrees Celsius
SELECT
    d.un_location_code,
    d.day,
    'heat' AS indicator,
    w.max_temp_c AS value,
    r.threshold AS limit_value,
    w.max_temp_c >= r.threshold AS has_fired
FROM watched_days AS d
INNER JOIN alert_rules AS r ON r.indicator = 'heat'
INNER JOIN weather AS w ON w.un_location_code = d.un_location_code AND w.day = d.day
WHERE d.stock > 0
