-- grain: one row a port that landed rows of the scope name
SELECT un_location_code FROM landed_consignments
UNION
SELECT un_location_code FROM landed_yard_moves
