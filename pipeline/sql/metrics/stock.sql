-- grain: one row a (local day, slice) of the slice's life; the columns that were not asked for are null
WITH port_days AS (
    SELECT
        q.un_location_code,
        CAST(
            timestamp_micros(unix_micros(p.as_of) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS as_of_day
    FROM ports AS q
    CROSS JOIN params AS p
    INNER JOIN zone_offsets AS o
        ON o.time_zone = q.time_zone AND p.as_of >= o.utc_from AND p.as_of < o.utc_until
),

sliced AS (
    SELECT
        CASE WHEN a.by_port THEN f.un_location_code END AS un_location_code,
        CASE WHEN a.by_facility THEN f.facility_code END AS facility_code,
        CASE WHEN a.by_class THEN f.lead_class END AS lead_class,
        CASE WHEN a.by_age_bucket THEN f.age_bucket END AS age_bucket,
        CASE WHEN a.by_direction THEN f.direction END AS direction,
        f.flow_day,
        max(d.as_of_day) AS as_of_day,
        sum(f.stock_change) AS stock_change,
        sum(f.backlog_change) AS backlog_change,
        sum(f.arrivals) AS arrivals,
        sum(f.exits) AS exits,
        sum(f.newly_overdue) AS newly_overdue
    FROM wanted_flows AS f
    CROSS JOIN asked AS a
    INNER JOIN port_days AS d ON d.un_location_code = f.un_location_code
    GROUP BY
        CASE WHEN a.by_port THEN f.un_location_code END,
        CASE WHEN a.by_facility THEN f.facility_code END,
        CASE WHEN a.by_class THEN f.lead_class END,
        CASE WHEN a.by_age_bucket THEN f.age_bucket END,
        CASE WHEN a.by_direction THEN f.direction END,
        f.flow_day
    HAVING
        sum(f.stock_change) <> 0 OR sum(f.backlog_change) <> 0
        OR sum(f.arrivals) <> 0 OR sum(f.exits) <> 0 OR sum(f.newly_overdue) <> 0
),

numbered AS (
    SELECT
        s.*,
        dense_rank() OVER (
            ORDER BY s.un_location_code, s.facility_code, s.lead_class, s.age_bucket, s.direction
        ) AS slice_no
    FROM sliced AS s
),

lives AS (
    SELECT
        n.slice_no,
        n.un_location_code,
        n.facility_code,
        n.lead_class,
        n.age_bucket,
        n.direction,
        max(n.as_of_day) AS as_of_day,
        min(n.flow_day) AS first_day,
        CASE WHEN sum(n.stock_change) > 0 THEN max(n.as_of_day) ELSE max(n.flow_day) END AS last_day
    FROM numbered AS n
    GROUP BY n.slice_no, n.un_location_code, n.facility_code, n.lead_class, n.age_bucket, n.direction
),

running AS (
    SELECT
        c.day,
        l.as_of_day,
        l.un_location_code,
        l.facility_code,
        l.lead_class,
        l.age_bucket,
        l.direction,
        sum(coalesce(n.stock_change, 0)) OVER (
            PARTITION BY l.slice_no ORDER BY c.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stock,
        sum(coalesce(n.backlog_change, 0)) OVER (
            PARTITION BY l.slice_no ORDER BY c.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS backlog,
        coalesce(n.arrivals, 0) AS arrivals,
        coalesce(n.exits, 0) AS exits,
        coalesce(n.newly_overdue, 0) AS newly_overdue
    FROM lives AS l
    INNER JOIN calendar AS c ON c.day >= l.first_day AND c.day <= l.last_day
    LEFT JOIN numbered AS n ON n.slice_no = l.slice_no AND n.flow_day = c.day
)

SELECT
    r.day AS day,
    r.un_location_code,
    r.facility_code,
    r.lead_class,
    r.age_bucket,
    r.direction,
    CAST(r.stock AS BIGINT) AS stock,
    CAST(r.backlog AS BIGINT) AS backlog,
    CAST(r.arrivals AS BIGINT) AS arrivals,
    CAST(r.exits AS BIGINT) AS exits,
    CAST(r.newly_overdue AS BIGINT) AS newly_overdue
FROM running AS r
CROSS JOIN asked AS a
WHERE
    (a.by_date AND (a.date_from IS NULL OR r.day >= a.date_from) AND (a.date_to IS NULL OR r.day <= a.date_to))
    OR (NOT a.by_date AND r.day = r.as_of_day)
ORDER BY
    r.day,
    r.un_location_code NULLS LAST,
    r.facility_code NULLS LAST,
    r.lead_class NULLS LAST,
    r.age_bucket NULLS LAST,
    r.direction NULLS LAST
