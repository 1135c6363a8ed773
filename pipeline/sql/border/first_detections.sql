-- grain: one row a (port, hazard) that the port found for the first time after it had reported for long
WITH first_rows AS (
    SELECT c.un_location_code, min(c.day) AS first_day FROM caught AS c GROUP BY c.un_location_code
),

first_found AS (
    SELECT c.un_location_code, c.hazard_type, c.hazard_name, min(c.day) AS day
    FROM caught AS c
    GROUP BY c.un_location_code, c.hazard_type, c.hazard_name
)

SELECT f.un_location_code, f.hazard_type, f.hazard_name, f.day
FROM first_found AS f
INNER JOIN first_rows AS s ON s.un_location_code = f.un_location_code
INNER JOIN alert_rules AS r ON r.indicator = 'first_detection'
WHERE datediff(f.day, s.first_day) >= r.threshold
