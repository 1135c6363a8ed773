-- grain: one row: as_of's local day in the default zone, up to which the border is told
SELECT
    CAST(
        timestamp_micros(unix_micros(p.as_of) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS last_day
FROM params AS p
INNER JOIN zone_offsets AS o
    ON o.time_zone = p.default_zone AND p.as_of >= o.utc_from AND p.as_of < o.utc_until
