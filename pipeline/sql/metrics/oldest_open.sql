-- grain: one row a (port, class) of what is in the yard at as_of: how long the oldest has been there, and past its limit
SELECT
    s.un_location_code,
    s.lead_class,
    max(
        CASE WHEN s.overdue_at <= p.as_of
            THEN (unix_micros(p.as_of) - unix_micros(s.overdue_at)) / CAST(3600000000 AS DOUBLE) END
    ) AS oldest_overdue_hours,
    max((unix_micros(p.as_of) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE)) AS oldest_age_hours
FROM counted AS s
CROSS JOIN params AS p
WHERE s.left_at IS NULL AND s.arrived_at <= p.as_of
GROUP BY s.un_location_code, s.lead_class
