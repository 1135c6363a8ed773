-- grain: one row a notice of the border issued in the days asked for: days to the first interception of its hazard and origin
-- Not reached: followed to as_of, or to its end where it ended before. An interception before the notice is none of its.
WITH followed AS (
    SELECT
        n.alert_id,
        n.line,
        n.alert_type,
        n.hazard_type,
        n.issued_at,
        min(c.detected_at) AS first_caught_at,
        max(CASE WHEN n.over_at IS NOT NULL AND n.over_at < p.as_of THEN n.over_at ELSE p.as_of END) AS followed_to
    FROM border_notices AS n
    CROSS JOIN params AS p
    CROSS JOIN asked AS a
    LEFT JOIN caught AS c
        ON
            c.hazard_type = n.hazard_type AND c.hazard_name = n.hazard_name
            AND coalesce(c.origin_country, '') = coalesce(n.origin_country, '')
            AND c.detected_at >= n.issued_at
            AND (n.over_at IS NULL OR c.detected_at < n.over_at)
    WHERE
        (a.date_from IS NULL OR n.day >= a.date_from)
        AND (a.date_to IS NULL OR n.day <= a.date_to)
    GROUP BY n.alert_id, n.line, n.alert_type, n.hazard_type, n.issued_at
)

SELECT
    f.*,
    f.first_caught_at IS NOT NULL AS is_reached,
    (unix_micros(coalesce(f.first_caught_at, f.followed_to)) - unix_micros(f.issued_at))
    / CAST(86400000000 AS DOUBLE) AS lag_days
FROM followed AS f
