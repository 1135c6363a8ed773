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

asked_spans AS (
    SELECT un_location_code, min(day) AS first_day, max(day) AS last_day
    FROM asked_days
    GROUP BY un_location_code
),

met AS (
    SELECT
        s.un_location_code,
        c.heat_limit_c,
        c.heat_basis,
        greatest(s.first_day, d.first_day) AS first_day,
        s.last_day
    FROM stayed AS s
    INNER JOIN asked_spans AS d
        ON d.un_location_code = s.un_location_code AND s.first_day <= d.last_day AND s.last_day >= d.first_day
    LEFT JOIN heat_limits_of_batches AS c ON c.consignment_id = s.consignment_id
),

turns AS (
    SELECT un_location_code, heat_limit_c, heat_basis, first_day AS day, 1 AS come, 0 AS gone FROM met
    UNION ALL
    SELECT un_location_code, heat_limit_c, heat_basis, last_day AS day, 0 AS come, 1 AS gone FROM met
),

changes AS (
    SELECT
        un_location_code,
        heat_limit_c,
        heat_basis,
        day,
        sum(come) AS come,
        sum(gone) AS gone,
        dense_rank() OVER (PARTITION BY un_location_code ORDER BY heat_limit_c, heat_basis) AS kind_no
    FROM turns
    GROUP BY un_location_code, heat_limit_c, heat_basis, day
),

kinds AS (
    SELECT DISTINCT un_location_code, kind_no, heat_limit_c, heat_basis FROM changes
),

-- What is there on a day is a running sum for each temperature: a row a batch and day would be ten times as many. Who has
-- the last day of a stay on a day is there on it, and no longer on the next.
present AS (
    SELECT
        k.un_location_code,
        d.day,
        k.heat_limit_c,
        k.heat_basis,
        k.heat_limit_c - (d.max_temp_c + v.heat_uplift_c) AS margin_c,
        sum(coalesce(c.come, 0) - coalesce(c.gone, 0)) OVER (
            PARTITION BY k.un_location_code, k.kind_no ORDER BY d.day
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) + coalesce(c.gone, 0) AS batches
    FROM kinds AS k
    INNER JOIN asked_days AS d ON d.un_location_code = k.un_location_code
    CROSS JOIN safety_set AS v
    LEFT JOIN changes AS c
        ON c.un_location_code = k.un_location_code AND c.kind_no = k.kind_no AND c.day = d.day
),

summed AS (
    SELECT
        p.un_location_code,
        p.day,
        sum(p.batches) AS batches,
        sum(CASE WHEN p.heat_limit_c IS NULL THEN p.batches ELSE 0 END) AS batches_without_limit,
        sum(CASE WHEN p.margin_c < 0 THEN p.batches ELSE 0 END) AS hot_batches,
        sum(CASE WHEN p.margin_c < 0 AND p.heat_basis <> 'flashpoint' THEN p.batches ELSE 0 END)
            AS hot_decomposing_batches,
        min(p.margin_c) AS smallest_margin_c
    FROM present AS p
    WHERE p.batches > 0
    GROUP BY p.un_location_code, p.day
)

SELECT
    d.day,
    d.un_location_code,
    d.max_temp_c,
    d.min_temp_c,
    d.heat_level,
    d.is_missing,
    d.degree_days,
    CAST(coalesce(s.batches, 0) AS BIGINT) AS batches,
    CASE WHEN NOT d.is_missing THEN CAST(coalesce(s.hot_batches, 0) AS BIGINT) END AS hot_batches,
    CASE WHEN NOT d.is_missing THEN CAST(coalesce(s.hot_decomposing_batches, 0) AS BIGINT) END AS hot_decomposing_batches,
    CAST(coalesce(s.batches_without_limit, 0) AS BIGINT) AS batches_without_limit,
    s.smallest_margin_c
FROM asked_days AS d
LEFT JOIN summed AS s ON s.un_location_code = d.un_location_code AND s.day = d.day
ORDER BY d.day, d.un_location_code
