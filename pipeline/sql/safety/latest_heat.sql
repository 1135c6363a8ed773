-- grain: one row a port: the maximum of as_of's local day, or of the last day told before it, as long as that is not too old
WITH told AS (
    SELECT
        h.un_location_code,
        h.day,
        h.max_temp_c,
        row_number() OVER (PARTITION BY h.un_location_code ORDER BY h.day DESC) AS day_order
    FROM daily_heat AS h
    INNER JOIN local_today AS t ON t.un_location_code = h.un_location_code
    CROSS JOIN safety_set AS v
    WHERE NOT h.is_missing AND h.day <= t.today AND datediff(t.today, h.day) <= v.heat_max_days_old
)

SELECT un_location_code, day, max_temp_c
FROM told
WHERE day_order = 1
