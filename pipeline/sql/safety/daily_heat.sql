-- grain: one row a (port, local day), from the port's first arrival or weather to as_of's local day there, without gaps
-- max_temp_c is null and is_missing true where the day was not told. degree_days_to and days_missing_to are running sums
-- of the days told and of those missing, this day included: a stay's are a difference of two of its port's rows.
WITH beginnings AS (
    SELECT un_location_code, min(day) AS first_day
    FROM weather
    GROUP BY un_location_code
    UNION ALL
    SELECT
        s.un_location_code,
        CAST(
            timestamp_micros(
                unix_micros(min(s.arrived_at)) + min(o.offset_seconds) * CAST(1000000 AS BIGINT)
            ) AS DATE
        ) AS first_day
    FROM batch_stays AS s
    INNER JOIN zone_offsets AS o
        ON o.time_zone = s.time_zone AND s.arrived_at >= o.utc_from AND s.arrived_at < o.utc_until
    GROUP BY s.un_location_code
),

spans AS (
    SELECT b.un_location_code, min(b.first_day) AS first_day, max(t.today) AS last_day
    FROM beginnings AS b
    INNER JOIN local_today AS t ON t.un_location_code = b.un_location_code
    GROUP BY b.un_location_code
),

days AS (
    SELECT
        s.un_location_code,
        c.day,
        w.max_temp_c,
        w.min_temp_c,
        w.max_temp_c IS NULL AS is_missing,
        CASE WHEN w.max_temp_c > v.degree_day_base_c THEN w.max_temp_c - v.degree_day_base_c ELSE 0 END
            AS degree_days
    FROM spans AS s
    INNER JOIN calendar AS c ON c.day >= s.first_day AND c.day <= s.last_day
    CROSS JOIN safety_set AS v
    LEFT JOIN weather AS w ON w.un_location_code = s.un_location_code AND w.day = c.day
),

levelled AS (
    SELECT
        d.un_location_code,
        d.day,
        l.level,
        l.from_temp_c,
        row_number() OVER (
            PARTITION BY d.un_location_code, d.day
            ORDER BY CASE WHEN l.un_location_code IS NULL THEN 1 ELSE 0 END, l.from_temp_c DESC, l.level
        ) AS level_order
    FROM days AS d
    INNER JOIN heat_levels AS l
        ON
            (l.un_location_code IS NULL OR l.un_location_code = d.un_location_code)
            AND d.max_temp_c >= l.from_temp_c
)

SELECT
    d.un_location_code,
    d.day,
    d.max_temp_c,
    d.min_temp_c,
    d.is_missing,
    l.level AS heat_level,
    CASE WHEN NOT d.is_missing THEN d.degree_days END AS degree_days,
    sum(d.degree_days) OVER (
        PARTITION BY d.un_location_code ORDER BY d.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS degree_days_to,
    sum(CASE WHEN d.is_missing THEN 1 ELSE 0 END) OVER (
        PARTITION BY d.un_location_code ORDER BY d.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS days_missing_to
FROM days AS d
LEFT JOIN levelled AS l
    ON l.un_location_code = d.un_location_code AND l.day = d.day AND l.level_order = 1
