-- grain: one row a (local day, port, facility, class, direction, age bucket) on which something came, went, aged or grew overdue
-- Additive: summed over days it is the stock, and rows of several loads add up. Half open like presence itself:
-- a stay is in a bucket from the instant it reaches its lower bound until it reaches the next one or leaves.
-- Few places, classes and directions are in use: they are numbered, and events counted by a number, not by four texts.
WITH segments AS (
    SELECT
        n.slot_no,
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
    INNER JOIN flow_slots AS n
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

-- A segment is told three times as it passes by: three passes over all of them would have to hold them.
kinds AS (
    SELECT 'enters' AS kind
    UNION ALL
    SELECT 'grows overdue' AS kind
    UNION ALL
    SELECT 'leaves' AS kind
),

events AS (
    SELECT
        s.slot_no,
        s.age_bucket,
        k.kind,
        s.has_overdue,
        s.is_exit,
        s.overdue_at >= s.enters_at AS is_newly_overdue,
        CASE k.kind WHEN 'enters' THEN s.enters_at WHEN 'leaves' THEN s.leaves_at ELSE s.overdue_from END AS happened_at
    FROM overdue_segments AS s
    CROSS JOIN kinds AS k
    CROSS JOIN params AS p
    WHERE
        k.kind = 'enters'
        OR (k.kind = 'grows overdue' AND s.has_overdue)
        OR (k.kind = 'leaves' AND s.leaves_at <= p.as_of)
),

counted_events AS (
    SELECT
        CAST(
            timestamp_micros(unix_micros(e.happened_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS flow_day,
        e.slot_no,
        e.age_bucket,
        count(*) FILTER (WHERE e.kind = 'enters') - count(*) FILTER (WHERE e.kind = 'leaves') AS stock_change,
        count(*) FILTER (WHERE e.kind = 'grows overdue')
        - count(*) FILTER (WHERE e.kind = 'leaves' AND e.has_overdue) AS backlog_change,
        count(*) FILTER (WHERE e.kind = 'enters' AND e.age_bucket = 0) AS arrivals,
        count(*) FILTER (WHERE e.kind = 'leaves' AND e.is_exit) AS exits,
        count(*) FILTER (WHERE e.kind = 'grows overdue' AND e.is_newly_overdue) AS newly_overdue
    FROM events AS e
    INNER JOIN flow_offsets AS o
        ON o.slot_no = e.slot_no AND e.happened_at >= o.utc_from AND e.happened_at < o.utc_until
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
INNER JOIN flow_slots AS n ON n.slot_no = c.slot_no
