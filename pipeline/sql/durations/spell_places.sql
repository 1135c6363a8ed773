-- grain: one row a (port, lead class) of spells: the window there in UTC, as_of, and the number of the group it belongs to
SELECT
    s.un_location_code,
    s.lead_class,
    CASE WHEN a.by_port THEN s.un_location_code END AS group_port,
    CASE WHEN a.by_class THEN s.lead_class END AS group_class,
    dense_rank() OVER (
        ORDER BY
            CASE WHEN a.by_port THEN s.un_location_code END,
            CASE WHEN a.by_class THEN s.lead_class END
    ) AS group_no,
    w.from_at,
    w.until_at,
    least(coalesce(w.until_at, p.as_of), p.as_of) AS seen_in_window_until
FROM (SELECT DISTINCT un_location_code, lead_class FROM spells) AS s
INNER JOIN asked_windows AS w ON w.un_location_code = s.un_location_code
CROSS JOIN asked AS a
CROSS JOIN params AS p
