-- grain: one row a landed move of a unit of the scope
SELECT a.*
FROM all_yard_moves AS a
WHERE a.equipment_reference IN (SELECT s.equipment_reference FROM scope_units AS s)
