-- grain: one row a row of one kept file that stays as it is
-- view
SELECT f.*
FROM one_file AS f
WHERE
    NOT EXISTS (
        SELECT 1 FROM gone_rows AS g
        WHERE g.batch_id = f.batch_id AND g.un_location_code = f.un_location_code
    )
