-- grain: one row a landed row whose key's hash more than one landed row has, one of them new; few, so kept
SELECT b.*
FROM both_keyed AS b
WHERE b.key_hash IN (SELECT h.key_hash FROM repeated_hashes AS h)
