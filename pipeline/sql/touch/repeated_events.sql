-- grain: one row a row of a yard event that new rows repeat
SELECT r.record_key AS event_id
FROM new_repeated AS r
WHERE r.source = 'yard_moves'
