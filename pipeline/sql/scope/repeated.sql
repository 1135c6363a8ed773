-- grain: one row a landed row of a record handed in more than once, of the records of told_records
SELECT r.*
FROM all_repeated AS r
INNER JOIN told_records AS t ON t.source = r.source AND t.record_key = r.record_key
