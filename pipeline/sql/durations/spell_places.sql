-- grain: one row a (window, port, kind of spell): the window there in UTC, and the number of the place
SELECT
    CAST(row_number() OVER (ORDER BY w.window_name, w.un_location_code, k.kind) AS INT) AS place_no,
    w.window_name,
    w.un_location_code,
    k.kind,
    w.from_at,
    w.until_at,
    least(coalesce(w.until_at, p.as_of), p.as_of) AS seen_in_window_until
FROM duration_windows AS w
CROSS JOIN spell_kinds AS k
CROSS JOIN params AS p
