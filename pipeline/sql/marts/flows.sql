-- grain: one row a (local day, port, facility, class, direction, age bucket) on which something came, went, aged or grew overdue
-- Additive: summed over days it is the stock, and rows of several loads add up. Half open like presence itself:
-- a stay is in a bucket from the instant it reaches its lower bound until it reaches the next one or leaves.
WITH segments AS (
    SELECT
        s.un_location_code,
        s.facility_code,
        s.lead_class,
        s.direction,
        s.time_zone,
        s.overdue_at,
        s.left_at,
        b.lower_days AS age_bucket,
        timestamp_micros(unix_micros(s.arrived_at) + b.lower_days * CAST(86400000000 AS BIGINT)) AS enters_at,
        least(
            coalesce(s.left_at, TIMESTAMP '9999-01-01 00:00:00'),
            coalesce(
                timestamp_micros(unix_micros(s.arrived_at) + b.upper_days * CAST(86400000000 AS BIGINT)),
                TIMESTAMP '9999-01-01 00:00:00'
            )
        ) AS leaves_at,
        coalesce(
            s.left_at < timestamp_micros(unix_micros(s.arrived_at) + b.upper_days * CAST(86400000000 AS BIGINT)),
            s.left_at IS NOT NULL
        ) AS is_exit
    FROM flowing_stays AS s
    CROSS JOIN flow_buckets AS b
    CROSS JOIN params AS p
    WHERE
        timestamp_micros(unix_micros(s.arrived_at) + b.lower_days * CAST(86400000000 AS BIGINT))
        <= coalesce(s.left_at, p.as_of)
),

overdue_segments AS (
    SELECT
        s.*,
        greatest(s.enters_at, s.overdue_at) AS overdue_from,
        coalesce(
            s.overdue_at <= p.as_of
            AND s.overdue_at < coalesce(s.left_at, TIMESTAMP '9999-01-01 00:00:00')
            AND greatest(s.enters_at, s.overdue_at) < s.leaves_at,
            FALSE
        ) AS has_overdue
    FROM segments AS s
    CROSS JOIN params AS p
),

events AS (
    SELECT
        s.un_location_code, s.facility_code, s.lead_class, s.direction, s.age_bucket, s.time_zone,
        s.enters_at AS happened_at,
        1 AS stock_change, 0 AS backlog_change,
        CASE WHEN s.age_bucket = 0 THEN 1 ELSE 0 END AS arrivals, 0 AS exits, 0 AS newly_overdue
    FROM overdue_segments AS s
    UNION ALL
    SELECT
        s.un_location_code, s.facility_code, s.lead_class, s.direction, s.age_bucket, s.time_zone,
        s.overdue_from AS happened_at,
        0 AS stock_change, 1 AS backlog_change,
        0 AS arrivals, 0 AS exits, CASE WHEN s.overdue_at >= s.enters_at THEN 1 ELSE 0 END AS newly_overdue
    FROM overdue_segments AS s
    WHERE s.has_overdue
    UNION ALL
    SELECT
        s.un_location_code, s.facility_code, s.lead_class, s.direction, s.age_bucket, s.time_zone,
        s.leaves_at AS happened_at,
        -1 AS stock_change, CASE WHEN s.has_overdue THEN -1 ELSE 0 END AS backlog_change,
        0 AS arrivals, CASE WHEN s.is_exit THEN 1 ELSE 0 END AS exits, 0 AS newly_overdue
    FROM overdue_segments AS s
    CROSS JOIN params AS p
    WHERE s.leaves_at <= p.as_of
),

-- An instant meets every period of its zone that is left here: those over before the first stay are left out.
offsets AS (
    SELECT o.*
    FROM zone_offsets AS o
    CROSS JOIN (SELECT min(arrived_at) AS first_at FROM flowing_stays) AS f
    CROSS JOIN params AS p
    WHERE o.utc_until > f.first_at AND o.utc_from <= p.as_of
)

SELECT
    CAST(
        timestamp_micros(unix_micros(e.happened_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS flow_day,
    e.un_location_code,
    e.facility_code,
    e.lead_class,
    e.direction,
    e.age_bucket,
    CAST(sum(e.stock_change) AS BIGINT) AS stock_change,
    CAST(sum(e.backlog_change) AS BIGINT) AS backlog_change,
    CAST(sum(e.arrivals) AS BIGINT) AS arrivals,
    CAST(sum(e.exits) AS BIGINT) AS exits,
    CAST(sum(e.newly_overdue) AS BIGINT) AS newly_overdue
FROM events AS e
INNER JOIN offsets AS o
    ON o.time_zone = e.time_zone AND e.happened_at >= o.utc_from AND e.happened_at < o.utc_until
GROUP BY
    CAST(
        timestamp_micros(unix_micros(e.happened_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ),
    e.un_location_code,
    e.facility_code,
    e.lead_class,
    e.direction,
    e.age_bucket
