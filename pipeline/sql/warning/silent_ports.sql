-- grain: one row a port that used to report and is silent at as_of: since when
SELECT
    v.un_location_code,
    l.day AS last_row_on,
    CAST(v.value AS BIGINT) AS days_silent,
    v.limit_value AS limit_days
FROM warning_values AS v
INNER JOIN watched_days AS d
    ON d.un_location_code = v.un_location_code AND d.day = v.day AND d.is_as_of_day
INNER JOIN watched_days AS l ON l.un_location_code = d.un_location_code AND l.day_no = d.last_rows_no
WHERE
    v.indicator = 'silence' AND v.has_fired
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR v.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
ORDER BY v.value DESC, v.un_location_code
