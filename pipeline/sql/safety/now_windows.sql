-- grain: one row a port: the instant of as_of as a window, so that what stands there now is what the window meets
SELECT
    q.un_location_code,
    p.as_of AS from_at,
    timestamp_micros(unix_micros(p.as_of) + 1) AS until_at
FROM ports AS q
CROSS JOIN params AS p
