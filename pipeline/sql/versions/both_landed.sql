-- grain: one row a landed row of a source: new ones, and old ones that may be of the same records
-- view
SELECT * FROM old_landed
UNION ALL
SELECT * FROM new_landed
