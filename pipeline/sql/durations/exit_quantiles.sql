-- grain: one row a group of the exit clock: mean and linear-interpolated quantiles of its durations, in hours
SELECT
    c.un_location_code,
    c.lead_class,
    avg(c.exit_micros / CAST(3600000000 AS DOUBLE)) AS mean_hours,
    stddev_samp(c.exit_micros / CAST(3600000000 AS DOUBLE)) AS sd_hours,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY c.exit_micros / CAST(3600000000 AS DOUBLE)) AS median_hours,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY c.exit_micros / CAST(3600000000 AS DOUBLE)) AS p90_hours
FROM clocked_spells AS c
WHERE c.clock = 'exit' AND NOT c.is_left_out
GROUP BY c.un_location_code, c.lead_class
