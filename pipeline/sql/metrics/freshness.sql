-- grain: one row a port and source: how many live rows, and how far behind as_of the latest of them is
-- A day of weather is told by its local midnight. Batches have no instant of their own: known_at alone bounds them.
WITH seen AS (
    SELECT un_location_code, 'yard_moves' AS source, event_at AS happened_at, recorded_at FROM moves
    UNION ALL
    SELECT un_location_code, 'consignments' AS source, manifested_at AS happened_at, recorded_at FROM consignments
    UNION ALL
    SELECT c.un_location_code, 'clearance_milestones' AS source, m.occurred_at AS happened_at, m.recorded_at
    FROM milestones AS m
    LEFT JOIN consignments AS c ON c.consignment_id = m.consignment_id
    UNION ALL
    SELECT c.un_location_code, 'inspection_findings' AS source, f.inspected_at AS happened_at, f.recorded_at
    FROM findings AS f
    LEFT JOIN consignments AS c ON c.consignment_id = f.consignment_id
    UNION ALL
    SELECT c.un_location_code, 'penalty_cases' AS source, k.filed_at AS happened_at, k.recorded_at
    FROM cases AS k
    LEFT JOIN consignments AS c ON c.consignment_id = k.consignment_id
    UNION ALL
    SELECT
        w.un_location_code, 'daily_weather' AS source,
        timestamp_micros(
            unix_micros(CAST(w.date AS TIMESTAMP)) - o.offset_seconds * CAST(1000000 AS BIGINT)
        ) AS happened_at,
        w.recorded_at
    FROM live_weather AS w
    INNER JOIN local_today AS t ON t.un_location_code = w.un_location_code
    INNER JOIN zone_offsets AS o
        ON
            o.time_zone = t.time_zone
            AND CAST(w.date AS TIMESTAMP) >= o.local_from AND CAST(w.date AS TIMESTAMP) < o.local_until
    WHERE w.date <= t.today
    UNION ALL
    SELECT i.un_location_code, 'interceptions' AS source, i.detected_at AS happened_at, i.recorded_at
    FROM caught AS i
)

SELECT
    s.un_location_code,
    s.source,
    count(*) AS rows,
    max(s.happened_at) AS latest_event_at,
    max(s.recorded_at) AS latest_recorded_at,
    (unix_micros(max(p.as_of)) - unix_micros(max(s.happened_at))) / CAST(3600000000 AS DOUBLE) AS hours_behind
FROM seen AS s
CROSS JOIN params AS p
WHERE NOT EXISTS (SELECT 1 FROM wanted_ports) OR s.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
GROUP BY s.un_location_code, s.source
ORDER BY s.un_location_code NULLS LAST, s.source
