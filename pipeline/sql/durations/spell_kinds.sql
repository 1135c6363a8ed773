-- grain: one row a kind of spell that a grouping tells apart: its lead class, or nothing where none asks for classes
SELECT k.kind
FROM spell_classes AS k
CROSS JOIN told_apart AS t
WHERE t.tells_class
UNION ALL
SELECT '' AS kind
FROM told_apart AS t
WHERE NOT t.tells_class
