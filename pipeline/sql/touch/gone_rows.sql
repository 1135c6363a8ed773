-- grain: one row a kept row that is no longer so
SELECT * FROM old_rows
EXCEPT
SELECT * FROM new_rows
