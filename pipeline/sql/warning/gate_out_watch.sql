-- grain: one row a watched day: whole days since the port's last gate-out, while units came in, where it used to tell them
SELECT
    d.un_location_code,
    d.day,
    'missing_gate_outs' AS indicator,
    CAST(d.day_no - d.last_out_no AS DOUBLE) AS value,
    r.threshold AS limit_value,
    d.day_no - d.last_out_no >= r.threshold
    AND d.days_with_ins_so_far - l.days_with_ins_so_far >= r.threshold
    AND l.days_with_outs_so_far - coalesce(b.days_with_outs_so_far, 0) >= r.minimum AS has_fired
FROM watched_days AS d
INNER JOIN alert_rules AS r ON r.indicator = 'missing_gate_outs'
INNER JOIN watched_days AS l ON l.un_location_code = d.un_location_code AND l.day_no = d.last_out_no
LEFT JOIN watched_days AS b
    ON b.un_location_code = d.un_location_code AND b.day_no = d.last_out_no - r.window_days
