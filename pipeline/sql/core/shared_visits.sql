-- grain: one row a visit that carries several batches
SELECT un_location_code, equipment_reference, visit_no
FROM claims
GROUP BY un_location_code, equipment_reference, visit_no
HAVING count(*) > 1
