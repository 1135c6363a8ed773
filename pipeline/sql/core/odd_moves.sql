-- grain: one row an actual move of an odd unit
SELECT m.*
FROM moves AS m
INNER JOIN unit_summaries AS u
    ON
        u.un_location_code = m.un_location_code
        AND u.equipment_reference = m.equipment_reference
        AND u.is_odd
