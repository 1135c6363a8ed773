-- grain: one row a hash of a record key that more than one landed row may have, one of them new
-- The hash lives for this query alone; two keys of one hash are told apart later, where records are compared by key.
WITH new_hashes AS (
    SELECT key_hash, count(*) AS landed_rows
    FROM new_keys
    GROUP BY key_hash
)

SELECT key_hash
FROM new_hashes
WHERE landed_rows > 1
UNION
SELECT o.key_hash
FROM old_keys AS o
WHERE o.key_hash IN (SELECT key_hash FROM new_hashes)
