-- grain: one row a port and local day on which units that had not left it were seen coming in at another port
WITH next_visits AS (
    SELECT
        u.un_location_code,
        u.left_at,
        lead(u.arrived_at) OVER (PARTITION BY u.equipment_reference ORDER BY u.arrived_at, u.un_location_code) AS seen_at,
        lead(u.un_location_code) OVER (
            PARTITION BY u.equipment_reference ORDER BY u.arrived_at, u.un_location_code
        ) AS seen_in
    FROM unit_stays AS u
)

SELECT
    n.un_location_code,
    CAST(
        timestamp_micros(unix_micros(n.seen_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS day,
    count(*) AS ghosts
FROM next_visits AS n
INNER JOIN ports AS q ON q.un_location_code = n.un_location_code
INNER JOIN zone_offsets AS o
    ON o.time_zone = q.time_zone AND n.seen_at >= o.utc_from AND n.seen_at < o.utc_until
WHERE n.seen_in <> n.un_location_code AND (n.left_at IS NULL OR n.left_at > n.seen_at)
GROUP BY
    n.un_location_code,
    CAST(timestamp_micros(unix_micros(n.seen_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE)
