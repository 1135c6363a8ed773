-- grain: one row a (port, lead class, way of telling): how many rows brought a batch in or took it out in the window
SELECT un_location_code, lead_class, told, count(*) AS rows_behind
FROM moves_behind
GROUP BY un_location_code, lead_class, told
ORDER BY un_location_code, lead_class, told
