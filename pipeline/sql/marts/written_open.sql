-- grain: one row an open stay of those being written
SELECT * FROM written_stays
WHERE left_at IS NULL
ORDER BY un_location_code, arrived_at
