-- grain: one row: how many pairs were found, and how many of them stand now
SELECT
    count(*) AS pairs_found,
    count(*) FILTER (WHERE stand_now) AS pairs_now,
    count(*) FILTER (WHERE stand_now AND is_adjacent IS NOT FALSE) AS pairs_now_near
FROM segregation_pairs
