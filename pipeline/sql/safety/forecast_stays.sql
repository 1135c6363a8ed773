-- grain: one row a stay that the filters let through and that is met by the days a forecast and its tests look at
SELECT
    s.un_location_code,
    s.time_zone,
    unix_micros(s.arrived_at) AS arrived_micros,
    unix_micros(s.left_at) AS left_micros
FROM counted AS s
CROSS JOIN params AS p
CROSS JOIN asked_forecast AS a
WHERE
    s.un_location_code IS NOT NULL
    AND s.arrived_at <= p.as_of
    AND (s.left_at IS NULL OR unix_micros(s.left_at) > unix_micros(p.as_of) - a.look_back_micros)
