-- grain: one row: whether any grouping asked for tells spells apart by their lead class
SELECT bool_or(by_class) AS tells_class
FROM duration_scopes
