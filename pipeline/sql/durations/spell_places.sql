-- grain: one row a (port, lead class) of spells, window and grouping: the window there in UTC, and the number of the group
WITH placed AS (
    SELECT
        s.un_location_code,
        s.lead_class,
        w.window_name,
        CASE WHEN a.by_port THEN s.un_location_code END AS group_port,
        CASE WHEN a.by_class THEN s.lead_class END AS group_class,
        w.from_at,
        w.until_at,
        least(coalesce(w.until_at, p.as_of), p.as_of) AS seen_in_window_until
    FROM (SELECT DISTINCT un_location_code, lead_class FROM spells) AS s
    INNER JOIN duration_windows AS w ON w.un_location_code = s.un_location_code
    CROSS JOIN duration_scopes AS a
    CROSS JOIN params AS p
)

SELECT
    p.*,
    dense_rank() OVER (ORDER BY p.window_name, p.group_port, p.group_class) AS group_no
FROM placed AS p
