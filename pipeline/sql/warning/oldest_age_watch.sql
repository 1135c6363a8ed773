-- grain: one row a watched day with anything in the yard at its end: the age of the oldest batch, in days
SELECT
    e.un_location_code,
    e.day,
    'oldest_age' AS indicator,
    (unix_micros(e.ends_at) - unix_micros(s.arrived_at)) / CAST(86400000000 AS DOUBLE) AS value,
    r.threshold AS limit_value,
    (unix_micros(e.ends_at) - unix_micros(s.arrived_at)) / CAST(86400000000 AS DOUBLE) >= r.threshold AS has_fired
FROM day_ends AS e
INNER JOIN alert_rules AS r ON r.indicator = 'oldest_age'
INNER JOIN oldest_spans AS s
    ON
        s.un_location_code = e.un_location_code
        AND s.oldest_from < e.ends_at AND s.oldest_until >= e.ends_at
