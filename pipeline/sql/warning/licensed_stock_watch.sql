-- grain: one row a watched day: the fullest (facility, class) of the port in percent of its licence
SELECT
    CAST(NULL AS VARCHAR) AS un_location_code,
    CAST(NULL AS DATE) AS day,
    'licensed_stock' AS indicator,
    CAST(NULL AS DOUBLE) AS value,
    CAST(NULL AS DOUBLE) AS limit_value,
    FALSE AS has_fired
FROM params AS p
WHERE p.as_of IS NULL
