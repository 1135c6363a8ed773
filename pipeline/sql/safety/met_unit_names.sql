-- grain: one row a unit that the window meets
SELECT DISTINCT equipment_reference FROM met_units
