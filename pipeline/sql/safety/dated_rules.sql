-- grain: one row a limit rule that holds for some days alone, with the batches in the yard that stay by it
WITH held AS (
    SELECT s.limit_rule_id, count(*) AS batches, count(*) FILTER (WHERE s.overdue_at <= p.as_of) AS overdue_batches
    FROM counted AS s
    CROSS JOIN params AS p
    WHERE s.arrived_at <= p.as_of AND s.left_at IS NULL
    GROUP BY s.limit_rule_id
),

today AS (
    SELECT
        CAST(
            timestamp_micros(unix_micros(p.as_of) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS day
    FROM params AS p
    INNER JOIN zone_offsets AS o
        ON o.time_zone = p.default_zone AND p.as_of >= o.utc_from AND p.as_of < o.utc_until
)

SELECT
    r.rule_id,
    r.un_number,
    r.imo_class,
    r.un_location_code,
    r.facility_code,
    r.direction,
    r.limit_hours,
    r.valid_from,
    r.valid_to,
    CASE
        WHEN r.valid_from > t.day THEN 'ahead'
        WHEN r.valid_to < t.day THEN 'ended'
        ELSE 'in_force'
    END AS state,
    coalesce(h.batches, 0) AS batches,
    coalesce(h.overdue_batches, 0) AS overdue_batches,
    r.is_illustrative
FROM limit_rules AS r
CROSS JOIN today AS t
LEFT JOIN held AS h ON h.limit_rule_id = r.rule_id
WHERE r.valid_from IS NOT NULL OR r.valid_to IS NOT NULL
ORDER BY
    CASE WHEN r.valid_from > t.day THEN 1 WHEN r.valid_to < t.day THEN 2 ELSE 0 END,
    r.valid_to DESC, r.rule_id
