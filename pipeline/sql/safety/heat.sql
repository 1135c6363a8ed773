-- grain: one row a port and local day: how hot it was, and the batches in the yard at some instant of the day by their margin
-- A day that was not told has no count of margins: they are not known. A batch without a temperature told has none either.
WITH stayed AS (
    SELECT
        s.batch_id,
        s.un_location_code,
        s.consignment_id,
        CAST(
            timestamp_micros(unix_micros(s.arrived_at) + a.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS first_day,
        CASE
            WHEN s.left_at IS NULL THEN t.today
            ELSE
                CAST(
                    timestamp_micros(
                        unix_micros(s.left_at) + l.offset_seconds * CAST(1000000 AS BIGINT) - 1
                    ) AS DATE
                )
        END AS last_day
    FROM counted AS s
    CROSS JOIN params AS p
    INNER JOIN local_today AS t ON t.un_location_code = s.un_location_code
    INNER JOIN zone_offsets AS a
        ON a.time_zone = s.time_zone AND s.arrived_at >= a.utc_from AND s.arrived_at < a.utc_until
    LEFT JOIN zone_offsets AS l
        ON l.time_zone = s.time_zone AND s.left_at >= l.utc_from AND s.left_at < l.utc_until
    WHERE s.arrived_at <= p.as_of AND (s.left_at IS NULL OR s.left_at > s.arrived_at)
),

asked_days AS (
    SELECT h.*
    FROM daily_heat AS h
    CROSS JOIN asked AS a
    WHERE
        (a.date_from IS NULL OR h.day >= a.date_from)
        AND (a.date_to IS NULL OR h.day <= a.date_to)
        AND (
            NOT EXISTS (SELECT 1 FROM wanted_ports)
            OR h.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
        )
),

margins AS (
    SELECT
        d.un_location_code,
        d.day,
        s.batch_id,
        c.heat_limit_c,
        c.heat_basis,
        c.heat_limit_c - (d.max_temp_c + v.heat_uplift_c) AS margin_c
    FROM asked_days AS d
    CROSS JOIN safety_set AS v
    INNER JOIN stayed AS s
        ON s.un_location_code = d.un_location_code AND s.first_day <= d.day AND s.last_day >= d.day
    LEFT JOIN heat_limits_of_batches AS c ON c.consignment_id = s.consignment_id
),

summed AS (
    SELECT
        m.un_location_code,
        m.day,
        count(*) AS batches,
        count(*) FILTER (WHERE m.heat_limit_c IS NULL) AS batches_without_limit,
        count(*) FILTER (WHERE m.margin_c < 0) AS hot_batches,
        count(*) FILTER (WHERE m.margin_c < 0 AND m.heat_basis <> 'flashpoint') AS hot_decomposing_batches,
        min(m.margin_c) AS smallest_margin_c
    FROM margins AS m
    GROUP BY m.un_location_code, m.day
)

SELECT
    d.day,
    d.un_location_code,
    d.max_temp_c,
    d.min_temp_c,
    d.heat_level,
    d.is_missing,
    d.degree_days,
    coalesce(s.batches, 0) AS batches,
    CASE WHEN NOT d.is_missing THEN coalesce(s.hot_batches, 0) END AS hot_batches,
    CASE WHEN NOT d.is_missing THEN coalesce(s.hot_decomposing_batches, 0) END AS hot_decomposing_batches,
    coalesce(s.batches_without_limit, 0) AS batches_without_limit,
    s.smallest_margin_c
FROM asked_days AS d
LEFT JOIN summed AS s ON s.un_location_code = d.un_location_code AND s.day = d.day
ORDER BY d.day, d.un_location_code
