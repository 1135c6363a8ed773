-- grain: one row a unit of count in the yard at the instant looked at: the block where it stood then
SELECT
    p.batch_id,
    p.un_location_code,
    max(p.block) AS block
FROM placements AS p
INNER JOIN looked_at AS l ON l.un_location_code = p.un_location_code
WHERE
    (l.is_day_end AND p.placed_at < l.looked_at AND (p.placed_until IS NULL OR p.placed_until >= l.looked_at))
    OR (
        NOT l.is_day_end
        AND p.placed_at <= l.looked_at AND (p.placed_until IS NULL OR p.placed_until > l.looked_at)
    )
GROUP BY p.batch_id, p.un_location_code
