-- grain: one row: how many clearances of one kept file stay as they are
SELECT count(*) AS kept_rows
FROM kept_clearances_of_file
