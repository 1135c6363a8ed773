-- grain: one row: how many rows of one kept file stay as they are
SELECT count(*) AS kept_rows
FROM kept_of_file
