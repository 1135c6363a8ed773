-- grain: one row a port: batch-hours present over the whole window, summed over stays and as the integral of stock
-- Both are sums of whole microseconds, so they are equal to the last digit or something is wrong. The integral is taken by
-- days (of UTC): the stock with which a day begins until the day ends, and what the changes of the day add in the rest of it.
WITH windows AS (
    SELECT
        w.un_location_code,
        coalesce(w.from_at, f.first_at) AS from_at,
        CASE WHEN w.until_at <= p.as_of THEN w.until_at ELSE p.as_of END AS until_at,
        coalesce(w.until_at <= p.as_of, FALSE) AS is_over
    FROM asked_windows AS w
    INNER JOIN (
        SELECT un_location_code, min(arrived_at) AS first_at FROM counted GROUP BY un_location_code
    ) AS f ON f.un_location_code = w.un_location_code
    CROSS JOIN params AS p
),

present AS (
    SELECT
        s.un_location_code,
        w.from_at,
        w.until_at,
        greatest(s.arrived_at, w.from_at) AS starts_at,
        least(coalesce(s.left_at, w.until_at), w.until_at) AS ends_at,
        s.arrived_at >= w.from_at AS is_arrival,
        coalesce(
            s.left_at >= w.from_at AND (s.left_at < w.until_at OR (s.left_at = w.until_at AND NOT w.is_over)), FALSE
        ) AS is_exit,
        unix_micros(s.left_at) - unix_micros(s.arrived_at) AS dwell_micros
    FROM counted AS s
    INNER JOIN windows AS w ON w.un_location_code = s.un_location_code
    WHERE
        w.from_at <= w.until_at
        AND (s.arrived_at < w.until_at OR (s.arrived_at = w.until_at AND NOT w.is_over))
        AND (s.left_at IS NULL OR s.left_at >= w.from_at)
),

changes AS (
    SELECT un_location_code, unix_micros(starts_at) AS happened_micros, 1 AS stock_change FROM present
    UNION ALL
    SELECT un_location_code, unix_micros(ends_at) AS happened_micros, -1 AS stock_change FROM present
),

dated AS (
    SELECT
        c.*,
        CAST(floor(c.happened_micros / CAST(86400000000 AS DOUBLE)) AS BIGINT) AS day_no
    FROM changes AS c
),

day_changes AS (
    SELECT
        un_location_code,
        day_no,
        sum(stock_change) AS stock_change,
        sum(stock_change * ((day_no + 1) * CAST(86400000000 AS BIGINT) - happened_micros)) AS micros
    FROM dated
    GROUP BY un_location_code, day_no
),

steps AS (
    SELECT
        un_location_code,
        micros,
        coalesce(
            sum(stock_change) OVER (
                PARTITION BY un_location_code ORDER BY day_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS stock,
        coalesce(day_no - lag(day_no) OVER (PARTITION BY un_location_code ORDER BY day_no), 0) AS days
    FROM day_changes
),

integrals AS (
    SELECT
        un_location_code,
        sum(
            CAST(stock AS DECIMAL(38, 0)) * CAST(days * CAST(86400000000 AS BIGINT) AS DECIMAL(38, 0))
            + CAST(micros AS DECIMAL(38, 0))
        ) / CAST(3600000000 AS DOUBLE) AS stock_hours
    FROM steps
    GROUP BY un_location_code
)

SELECT
    r.un_location_code,
    i.stock_hours,
    sum(CAST(unix_micros(r.ends_at) - unix_micros(r.starts_at) AS DECIMAL(38, 0))) / CAST(3600000000 AS DOUBLE)
        AS batch_hours,
    (unix_micros(max(r.until_at)) - unix_micros(max(r.from_at))) / CAST(3600000000 AS DOUBLE) AS window_hours,
    count(*) FILTER (WHERE r.is_arrival) AS arrivals,
    count(*) FILTER (WHERE r.is_exit) AS exits,
    CAST(sum(CAST(r.dwell_micros AS DECIMAL(38, 0))) FILTER (WHERE r.is_exit) AS DOUBLE)
    / nullif(count(*) FILTER (WHERE r.is_exit), 0) / CAST(3600000000 AS DOUBLE) AS mean_dwell_hours
FROM present AS r
INNER JOIN integrals AS i ON i.un_location_code = r.un_location_code
GROUP BY r.un_location_code, i.stock_hours
ORDER BY r.un_location_code
