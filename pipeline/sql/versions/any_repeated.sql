-- grain: one row where any hash is shared; none where every record is new
SELECT h.key_hash
FROM repeated_hashes AS h
LIMIT 1
