-- grain: one row a (port, week of arrival counted from the pilot's start) with any clearance: mean log hours, and of how many
-- Hours are cut off at tau, so that every batch of a week that has been followed for tau counts with what is known of it.
-- Logarithms are summed in whole parts of 1e-12, so that the sum is the same in whatever order an engine adds.
-- unknown: left without a release before tau. Clearances of less than the smallest counted time count as that time.
WITH days AS (
    SELECT
        s.un_location_code,
        s.is_left_out,
        CAST(
            timestamp_micros(unix_micros(s.began_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS arrived_on,
        (unix_micros(s.seen_until) - unix_micros(s.began_at)) / CAST(3600000000 AS DOUBLE) AS seen_hours,
        s.ended_at IS NOT NULL AS is_ended
    FROM clearance_spells AS s
    INNER JOIN ports AS q ON q.un_location_code = s.un_location_code
    INNER JOIN zone_offsets AS o
        ON o.time_zone = q.time_zone AND s.began_at >= o.utc_from AND s.began_at < o.utc_until
),

weeks AS (
    SELECT
        d.un_location_code,
        CAST(floor(datediff(d.arrived_on, a.starts_on) / CAST(7 AS DOUBLE)) AS BIGINT) AS week,
        d.is_left_out,
        d.is_ended OR d.seen_hours >= a.tau_hours AS is_known,
        d.seen_hours > a.tau_hours OR (d.seen_hours = a.tau_hours AND NOT d.is_ended) AS is_capped,
        ln(greatest(least(d.seen_hours, a.tau_hours), a.least_hours)) AS log_hours
    FROM days AS d
    CROSS JOIN asked_pilot AS a
)

SELECT
    w.un_location_code,
    w.week,
    count(*) FILTER (WHERE NOT w.is_left_out AND w.is_known) AS n,
    count(*) FILTER (WHERE NOT w.is_left_out AND w.is_known AND w.is_capped) AS n_capped,
    count(*) FILTER (WHERE NOT w.is_left_out AND NOT w.is_known) AS n_unknown,
    count(*) FILTER (WHERE w.is_left_out) AS n_left_out,
    CAST(
        sum(CAST(w.log_hours * 1e12 AS DECIMAL(38, 0))) FILTER (WHERE NOT w.is_left_out AND w.is_known) AS DOUBLE
    )
    / nullif(count(*) FILTER (WHERE NOT w.is_left_out AND w.is_known), 0) / 1e12 AS mean_log_hours
FROM weeks AS w
CROSS JOIN asked_pilot AS a
WHERE w.week >= a.first_week AND w.week <= a.last_week
GROUP BY w.un_location_code, w.week
ORDER BY w.un_location_code, w.week
