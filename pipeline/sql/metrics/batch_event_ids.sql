-- grain: one row a move (by event_id) of the visits of the batch asked for
SELECT DISTINCT m.event_id
FROM visit_moves AS m
INNER JOIN batch_visits AS v
    ON
        v.un_location_code = m.un_location_code
        AND v.equipment_reference = m.equipment_reference
        AND v.visit_no = m.visit_no
