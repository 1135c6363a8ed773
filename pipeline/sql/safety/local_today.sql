-- grain: one row a port: the local day of as_of there
SELECT
    q.un_location_code,
    q.time_zone,
    CAST(
        timestamp_micros(unix_micros(p.as_of) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS today
FROM ports AS q
CROSS JOIN params AS p
INNER JOIN zone_offsets AS o
    ON o.time_zone = q.time_zone AND p.as_of >= o.utc_from AND p.as_of < o.utc_until
