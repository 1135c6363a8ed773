-- grain: one row a live (port, local day) of weather at known_at, not after as_of's local day there
SELECT
    w.un_location_code,
    w.date AS day,
    w.max_temp_c,
    w.min_temp_c
FROM landed_daily_weather AS w
CROSS JOIN params AS p
INNER JOIN local_today AS t ON t.un_location_code = w.un_location_code
WHERE
    w._known_at <= p.known_at
    AND NOT coalesce(w.voided, FALSE)
    AND w.date <= t.today
    AND NOT EXISTS (
        SELECT 1 FROM losers_plain AS l
        WHERE l.source = 'daily_weather' AND l._file_seq = w._file_seq AND l._line = w._line
    )
