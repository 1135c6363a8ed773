-- grain: one row a live (port, local day) of weather at known_at, of any day
-- view
SELECT w.*
FROM landed_daily_weather AS w
CROSS JOIN params AS p
LEFT JOIN losers_plain AS l
    ON l.source = 'daily_weather' AND l._file_seq = w._file_seq AND l._line = w._line
WHERE
    w._known_at <= p.known_at
    AND NOT coalesce(w.voided, FALSE)
    AND l._line IS NULL
