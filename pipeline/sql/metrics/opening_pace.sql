-- grain: one row a port of the campaign with an opening backlog: what is left of it, and its exits and days at risk of late
-- Late: the last days before as_of, as many as are looked back on, but not before the campaign's start.
WITH opening AS (
    SELECT
        s.un_location_code,
        s.time_zone,
        s.left_at,
        w.as_of,
        w.as_of_day,
        w.has_begun,
        CASE
            WHEN unix_micros(w.as_of) - a.look_back_micros > unix_micros(w.from_at)
                THEN unix_micros(w.as_of) - a.look_back_micros
            ELSE unix_micros(w.from_at)
        END AS since_micros
    FROM counted AS s
    INNER JOIN campaign_windows AS w ON w.un_location_code = s.un_location_code
    CROSS JOIN asked_forecast AS a
    WHERE
        s.overdue_at IS NOT NULL
        AND (s.left_at IS NULL OR s.overdue_at < s.left_at)
        AND CASE
            WHEN w.has_begun THEN s.overdue_at < w.from_at AND (s.left_at IS NULL OR s.left_at >= w.from_at)
            ELSE s.overdue_at <= w.as_of AND (s.left_at IS NULL OR s.left_at > w.as_of)
        END
)

SELECT
    o.un_location_code,
    max(o.as_of_day) AS as_of_day,
    bool_or(o.has_begun) AS has_begun,
    count(*) FILTER (WHERE o.left_at IS NULL OR o.left_at > o.as_of) AS remaining_opening,
    count(*) FILTER (WHERE o.left_at <= o.as_of AND unix_micros(o.left_at) >= o.since_micros) AS late_exits,
    greatest(0, (unix_micros(max(o.as_of)) - max(o.since_micros)) / CAST(86400000000 AS DOUBLE)) AS late_days,
    coalesce(
        sum(
            CASE
                WHEN o.left_at IS NULL OR o.left_at > o.as_of THEN unix_micros(o.as_of) - o.since_micros
                WHEN unix_micros(o.left_at) > o.since_micros THEN unix_micros(o.left_at) - o.since_micros
            END
        ) / CAST(86400000000 AS DOUBLE),
        0
    ) AS late_batch_days,
    CAST(
        max(timestamp_micros(unix_micros(o.left_at) + z.offset_seconds * CAST(1000000 AS BIGINT))) AS DATE
    ) AS last_left_on
FROM opening AS o
LEFT JOIN zone_offsets AS z
    ON z.time_zone = o.time_zone AND o.left_at >= z.utc_from AND o.left_at < z.utc_until
GROUP BY o.un_location_code
ORDER BY o.un_location_code
