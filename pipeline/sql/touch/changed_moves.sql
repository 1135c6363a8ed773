-- grain: one row a (unit, batch) of new moves and of the other versions of the same events
SELECT DISTINCT n.equipment_reference, n.consignment_id
FROM new_yard_moves AS n
UNION
SELECT m.equipment_reference, m.consignment_id
FROM all_yard_moves AS m
WHERE m.event_id IN (SELECT r.event_id FROM repeated_events AS r)
