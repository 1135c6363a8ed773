-- grain: one row a port of the campaign: its window in UTC, and how much of it as_of has seen
WITH bounds AS (
    SELECT
        q.un_location_code,
        q.time_zone,
        timestamp_micros(
            unix_micros(CAST(c.starts_on AS TIMESTAMP)) - f.offset_seconds * CAST(1000000 AS BIGINT)
        ) AS from_at,
        timestamp_micros(
            unix_micros(CAST(c.day_after_end AS TIMESTAMP)) - t.offset_seconds * CAST(1000000 AS BIGINT)
        ) AS until_at
    FROM ports AS q
    INNER JOIN campaign_ports AS m ON m.un_location_code = q.un_location_code
    CROSS JOIN chosen_campaign AS c
    INNER JOIN zone_offsets AS f
        ON
            f.time_zone = q.time_zone
            AND CAST(c.starts_on AS TIMESTAMP) >= f.local_from AND CAST(c.starts_on AS TIMESTAMP) < f.local_until
    INNER JOIN zone_offsets AS t
        ON
            t.time_zone = q.time_zone
            AND CAST(c.day_after_end AS TIMESTAMP) >= t.local_from
            AND CAST(c.day_after_end AS TIMESTAMP) < t.local_until
)

SELECT
    b.un_location_code,
    b.time_zone,
    b.from_at,
    b.until_at,
    p.as_of,
    b.until_at <= p.as_of AS is_over,
    p.as_of >= b.from_at AS has_begun,
    CAST(
        timestamp_micros(unix_micros(p.as_of) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS as_of_day
FROM bounds AS b
CROSS JOIN params AS p
INNER JOIN zone_offsets AS o
    ON o.time_zone = b.time_zone AND p.as_of >= o.utc_from AND p.as_of < o.utc_until
