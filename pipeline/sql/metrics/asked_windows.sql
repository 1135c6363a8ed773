-- grain: one row a port, and one without port in the default zone: the window asked for, in UTC; null where an end is open
WITH places AS (
    SELECT un_location_code, time_zone FROM ports
    UNION ALL
    SELECT '' AS un_location_code, default_zone AS time_zone FROM params
)

SELECT
    q.un_location_code,
    CASE WHEN a.date_from IS NOT NULL THEN timestamp_micros(
        unix_micros(CAST(a.date_from AS TIMESTAMP)) - coalesce(f.offset_seconds, 0) * CAST(1000000 AS BIGINT)
    ) END AS from_at,
    CASE WHEN a.date_to IS NOT NULL THEN timestamp_micros(
        unix_micros(CAST(a.day_after_to AS TIMESTAMP)) - coalesce(t.offset_seconds, 0) * CAST(1000000 AS BIGINT)
    ) END AS until_at
FROM places AS q
CROSS JOIN asked AS a
LEFT JOIN zone_offsets AS f
    ON
        f.time_zone = q.time_zone
        AND CAST(a.date_from AS TIMESTAMP) >= f.local_from AND CAST(a.date_from AS TIMESTAMP) < f.local_until
LEFT JOIN zone_offsets AS t
    ON
        t.time_zone = q.time_zone
        AND CAST(a.day_after_to AS TIMESTAMP) >= t.local_from
        AND CAST(a.day_after_to AS TIMESTAMP) < t.local_until
