-- grain: one row a live (port, local day) of weather at known_at, not after as_of's local day there
SELECT
    w.un_location_code,
    w.date AS day,
    w.max_temp_c,
    w.min_temp_c
FROM landed_daily_weather AS w
CROSS JOIN params AS p
INNER JOIN local_today AS t ON t.un_location_code = w.un_location_code
LEFT JOIN losers_plain AS l
    ON l.source = 'daily_weather' AND l._file_seq = w._file_seq AND l._line = w._line
WHERE
    w._known_at <= p.known_at
    AND NOT coalesce(w.voided, FALSE)
    AND w.date <= t.today
    AND l._line IS NULL
