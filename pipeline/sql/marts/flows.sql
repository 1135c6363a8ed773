-- grain: one row a (local day, port, facility, class, direction, age bucket) on which something came, went, aged or grew overdue
-- Additive: summed over days it is the stock, and rows of several loads add up. Half open like presence itself:
-- a stay is in a bucket from the instant it reaches its lower bound until it reaches the next one or leaves.
-- Few places, classes and directions are in use: they are numbered, and events counted by a number, not by four texts.
WITH slots AS (
    SELECT
        f.*,
        row_number() OVER (ORDER BY f.un_location_code, f.facility_code, f.lead_class, f.direction) AS slot_no
    FROM (
        SELECT DISTINCT un_location_code, facility_code, lead_class, direction, time_zone
        FROM flowing_stays
    ) AS f
),

segments AS (
    SELECT
        n.slot_no,
        n.time_zone,
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
    INNER JOIN slots AS n
        ON
            n.un_location_code = s.un_location_code
            AND n.facility_code IS NOT DISTINCT FROM s.facility_code
            AND n.lead_class IS NOT DISTINCT FROM s.lead_class
            AND n.direction IS NOT DISTINCT FROM s.direction
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
        s.slot_no, s.time_zone, s.age_bucket,
        s.enters_at AS happened_at,
        1 AS stock_change, 0 AS backlog_change,
        CASE WHEN s.age_bucket = 0 THEN 1 ELSE 0 END AS arrivals, 0 AS exits, 0 AS newly_overdue
    FROM overdue_segments AS s
    UNION ALL
    SELECT
        s.slot_no, s.time_zone, s.age_bucket,
        s.overdue_from AS happened_at,
        0 AS stock_change, 1 AS backlog_change,
        0 AS arrivals, 0 AS exits, CASE WHEN s.overdue_at >= s.enters_at THEN 1 ELSE 0 END AS newly_overdue
    FROM overdue_segments AS s
    WHERE s.has_overdue
    UNION ALL
    SELECT
        s.slot_no, s.time_zone, s.age_bucket,
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
),

counted_events AS (
    SELECT
        CAST(
            timestamp_micros(unix_micros(e.happened_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS flow_day,
        e.slot_no,
        e.age_bucket,
        count(*) FILTER (WHERE e.stock_change > 0) - count(*) FILTER (WHERE e.stock_change < 0) AS stock_change,
        count(*) FILTER (WHERE e.backlog_change > 0) - count(*) FILTER (WHERE e.backlog_change < 0) AS backlog_change,
        count(*) FILTER (WHERE e.arrivals > 0) AS arrivals,
        count(*) FILTER (WHERE e.exits > 0) AS exits,
        count(*) FILTER (WHERE e.newly_overdue > 0) AS newly_overdue
    FROM events AS e
    INNER JOIN offsets AS o
        ON o.time_zone = e.time_zone AND e.happened_at >= o.utc_from AND e.happened_at < o.utc_until
    GROUP BY
        CAST(
            timestamp_micros(unix_micros(e.happened_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ),
        e.slot_no,
        e.age_bucket
)

SELECT
    c.flow_day,
    n.un_location_code,
    n.facility_code,
    n.lead_class,
    n.direction,
    c.age_bucket,
    c.stock_change,
    c.backlog_change,
    c.arrivals,
    c.exits,
    c.newly_overdue
FROM counted_events AS c
INNER JOIN slots AS n ON n.slot_no = c.slot_no
