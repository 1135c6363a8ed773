-- grain: one row a live (port, local day) of weather at known_at, not after as_of's local day there
SELECT
    w.un_location_code,
    w.date AS day,
    w.max_temp_c,
    w.min_temp_c
FROM live_weather AS w
INNER JOIN local_today AS t ON t.un_location_code = w.un_location_code
WHERE w.date <= t.today
