-- grain: one row a batch with a number that the window meets
SELECT DISTINCT consignment_id FROM met_batches
WHERE consignment_id IS NOT NULL
