-- grain: one row a (window, port, lead class) with any batch in it: stock before and after it, what came, what left, for how long
-- For every row: closing = opening + arrivals - exits. The window ends with as_of where that is earlier, as_of included.
WITH placed AS (
    SELECT
        w.window_name,
        s.un_location_code,
        s.lead_class,
        coalesce(s.arrived_at < w.from_at AND (s.left_at IS NULL OR s.left_at >= w.from_at), FALSE) AS is_opening,
        (w.from_at IS NULL OR s.arrived_at >= w.from_at)
        AND (w.until_at IS NULL OR s.arrived_at < w.until_at) AND s.arrived_at <= p.as_of AS is_arrival,
        s.left_at IS NOT NULL AND (w.from_at IS NULL OR s.left_at >= w.from_at)
        AND (w.until_at IS NULL OR s.left_at < w.until_at) AND s.left_at <= p.as_of AS is_exit,
        unix_micros(s.left_at) - unix_micros(s.arrived_at) AS dwell_micros
    FROM counted AS s
    INNER JOIN duration_windows AS w ON w.un_location_code = s.un_location_code
    CROSS JOIN params AS p
)

SELECT
    window_name,
    un_location_code,
    lead_class,
    count(*) FILTER (WHERE is_opening) AS opening_stock,
    count(*) FILTER (WHERE is_arrival) AS arrivals,
    count(*) FILTER (WHERE is_exit) AS exits,
    count(*) FILTER (WHERE (is_opening OR is_arrival) AND NOT is_exit) AS closing_stock,
    sum(CASE WHEN is_exit THEN CAST(dwell_micros AS DECIMAL(38, 0)) END) / CAST(3600000000 AS DOUBLE)
        AS exit_dwell_hours
FROM placed
WHERE is_opening OR is_arrival OR is_exit
GROUP BY window_name, un_location_code, lead_class
ORDER BY window_name, un_location_code NULLS LAST, lead_class NULLS LAST
