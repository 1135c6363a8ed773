-- grain: one row a (window, port, lead class, way of telling): how many rows brought a batch in or took it out in the window
SELECT window_name, un_location_code, lead_class, told, count(*) AS rows_behind
FROM moves_behind
GROUP BY window_name, un_location_code, lead_class, told
ORDER BY window_name, un_location_code, lead_class, told
