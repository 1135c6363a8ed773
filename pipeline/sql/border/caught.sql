-- grain: one row a live interception detected at or before as_of, with its port's local day
SELECT
    i.interception_id,
    i.un_location_code,
    i.channel,
    i.detected_at,
    i.hazard_type,
    i.hazard_name,
    i.origin_country,
    i.species_count,
    i.occurrence_count,
    i.batch_count,
    i.disposal,
    i.recorded_at,
    CAST(
        timestamp_micros(unix_micros(i.detected_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS day
FROM landed_interceptions AS i
CROSS JOIN params AS p
INNER JOIN ports AS q ON q.un_location_code = i.un_location_code
INNER JOIN zone_offsets AS o
    ON o.time_zone = q.time_zone AND i.detected_at >= o.utc_from AND i.detected_at < o.utc_until
LEFT JOIN losers_plain AS l
    ON l.source = 'interceptions' AND l._file_seq = i._file_seq AND l._line = i._line
WHERE
    i._known_at <= p.known_at
    AND NOT coalesce(i.voided, FALSE)
    AND i.detected_at <= p.as_of
    AND l._line IS NULL
