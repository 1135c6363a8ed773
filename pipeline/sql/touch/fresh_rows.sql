-- grain: one row a row that was not kept so
SELECT * FROM new_rows
EXCEPT
SELECT * FROM old_rows
