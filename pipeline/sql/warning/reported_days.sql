-- grain: one row a port and local day on which an actual move happened; whether units came in and went out
SELECT
    m.un_location_code,
    CAST(
        timestamp_micros(unix_micros(m.event_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS day,
    max(CASE WHEN m.flow = 'in' THEN 1 ELSE 0 END) AS has_in,
    max(CASE WHEN m.flow = 'out' THEN 1 ELSE 0 END) AS has_out
FROM moves AS m
INNER JOIN ports AS q ON q.un_location_code = m.un_location_code
INNER JOIN zone_offsets AS o
    ON o.time_zone = q.time_zone AND m.event_at >= o.utc_from AND m.event_at < o.utc_until
GROUP BY
    m.un_location_code,
    CAST(timestamp_micros(unix_micros(m.event_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE)
