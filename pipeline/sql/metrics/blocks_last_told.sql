-- grain: one row a unit of count: the block that its earliest visit last told
-- view
SELECT batch_id, un_location_code, block FROM counted
