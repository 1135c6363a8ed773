-- grain: one row a visit that carries several batches
-- A visit carries at most the one that its moves name, and those of other links: one without such a link is not looked at.
SELECT c.un_location_code, c.equipment_reference, c.visit_no
FROM claims AS c
WHERE
    EXISTS (
        SELECT 1 FROM other_links AS l
        WHERE
            l.un_location_code = c.un_location_code
            AND l.equipment_reference = c.equipment_reference
            AND l.visit_no = c.visit_no
    )
GROUP BY c.un_location_code, c.equipment_reference, c.visit_no
HAVING count(*) > 1
