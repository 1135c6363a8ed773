-- grain: one row a port and local day, from its first move to as_of's local day, without gaps; day_no counts them from 1
-- Running totals stand beside the day's figures, so that any window is the difference of two rows.
WITH first_days AS (
    SELECT un_location_code, min(day) AS first_day
    FROM reported_days
    GROUP BY un_location_code
),

days AS (
    SELECT
        f.un_location_code,
        c.day,
        CAST(datediff(c.day, f.first_day) AS BIGINT) + 1 AS day_no,
        c.day = a.today AS is_as_of_day,
        CAST(coalesce(s.stock, 0) AS BIGINT) AS stock,
        CAST(coalesce(s.backlog, 0) AS BIGINT) AS backlog,
        CAST(coalesce(s.newly_overdue, 0) AS BIGINT) AS newly_overdue,
        CASE WHEN r.day IS NULL THEN 0 ELSE 1 END AS has_rows,
        coalesce(r.has_in, 0) AS has_in,
        coalesce(r.has_out, 0) AS has_out
    FROM first_days AS f
    INNER JOIN local_today AS a ON a.un_location_code = f.un_location_code
    INNER JOIN calendar AS c ON c.day >= f.first_day AND c.day <= a.today
    LEFT JOIN stock AS s ON s.un_location_code = f.un_location_code AND s.day = c.day
    LEFT JOIN reported_days AS r ON r.un_location_code = f.un_location_code AND r.day = c.day
)

SELECT
    d.*,
    CAST(sum(d.backlog) OVER so_far AS BIGINT) AS backlog_so_far,
    CAST(sum(d.backlog * d.backlog) OVER so_far AS BIGINT) AS backlog_squares_so_far,
    CAST(sum(d.has_rows) OVER so_far AS BIGINT) AS days_with_rows_so_far,
    CAST(sum(d.has_in) OVER so_far AS BIGINT) AS days_with_ins_so_far,
    CAST(sum(d.has_out) OVER so_far AS BIGINT) AS days_with_outs_so_far,
    max(CASE WHEN d.has_rows = 1 THEN d.day_no END) OVER so_far AS last_rows_no,
    max(CASE WHEN d.has_out = 1 THEN d.day_no END) OVER so_far AS last_out_no
FROM days AS d
WINDOW so_far AS (
    PARTITION BY d.un_location_code ORDER BY d.day_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
