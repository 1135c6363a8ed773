-- grain: one row an ended stay of those being written
-- view
SELECT * FROM written_stays
WHERE left_at IS NOT NULL
