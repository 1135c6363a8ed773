-- grain: one row a notice of the border: the local day on which it was over, null while it is in force without an end
SELECT
    n.alert_id,
    CAST(
        timestamp_micros(unix_micros(n.over_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS over_day
FROM border_notices AS n
CROSS JOIN params AS p
LEFT JOIN zone_offsets AS o
    ON o.time_zone = p.default_zone AND n.over_at >= o.utc_from AND n.over_at < o.utc_until
