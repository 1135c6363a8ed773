-- grain: one row a port: the instant looked at, the end of the local day asked for, as_of where that is earlier or none is
-- is_day_end: whether the instant itself is no longer in the day (the next local midnight)
WITH day_ends AS (
    SELECT
        q.un_location_code,
        timestamp_micros(
            unix_micros(CAST(a.day_after_date AS TIMESTAMP)) - o.offset_seconds * CAST(1000000 AS BIGINT)
        ) AS ends_at
    FROM ports AS q
    CROSS JOIN asked_cell AS a
    LEFT JOIN zone_offsets AS o
        ON
            o.time_zone = q.time_zone
            AND CAST(a.day_after_date AS TIMESTAMP) >= o.local_from
            AND CAST(a.day_after_date AS TIMESTAMP) < o.local_until
)

SELECT
    d.un_location_code,
    CASE WHEN d.ends_at <= p.as_of THEN d.ends_at ELSE p.as_of END AS looked_at,
    coalesce(d.ends_at <= p.as_of, FALSE) AS is_day_end
FROM day_ends AS d
CROSS JOIN params AS p
