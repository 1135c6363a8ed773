-- grain: one row a clearance of one kept file that stays as it is
-- view
SELECT f.*
FROM one_file AS f
WHERE f.consignment_id NOT IN (SELECT g.consignment_id FROM gone_rows AS g)
