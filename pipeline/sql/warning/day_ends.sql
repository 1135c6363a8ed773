-- grain: one row a watched day: the first instant that no longer counts, midnight or just after as_of
WITH midnights AS (
    SELECT
        d.un_location_code,
        d.day,
        d.is_as_of_day,
        timestamp_micros(unix_micros(CAST(d.day AS TIMESTAMP)) + CAST(86400000000 AS BIGINT)) AS local_midnight
    FROM watched_days AS d
)

SELECT
    m.un_location_code,
    m.day,
    CASE
        WHEN m.is_as_of_day THEN timestamp_micros(unix_micros(p.as_of) + 1)
        ELSE timestamp_micros(unix_micros(m.local_midnight) - o.offset_seconds * CAST(1000000 AS BIGINT))
    END AS ends_at
FROM midnights AS m
CROSS JOIN params AS p
INNER JOIN ports AS q ON q.un_location_code = m.un_location_code
INNER JOIN zone_offsets AS o
    ON o.time_zone = q.time_zone AND m.local_midnight >= o.local_from AND m.local_midnight < o.local_until
