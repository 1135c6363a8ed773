-- grain: one row a (port, period of one offset from UTC)
-- Kept apart from the joins that use it: by the port first, an instant meets a few periods; by the period first, all zones'.
SELECT
    p.un_location_code,
    o.utc_from,
    o.utc_until,
    o.offset_seconds
FROM ports AS p
INNER JOIN zone_offsets AS o ON o.time_zone = p.time_zone
