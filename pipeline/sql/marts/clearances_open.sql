-- grain: one row a clearance of those being written of which more is to come
SELECT * FROM written_clearances
WHERE closed_at IS NULL
ORDER BY un_location_code, arrived_at
