-- grain: one row a kept visit of a touched unit
SELECT o.*
FROM old_unit_stays AS o
WHERE o.equipment_reference IN (SELECT u.equipment_reference FROM touched_units AS u)
