-- grain: one row a (window, group, clock): the statistics of a duration, each with how many it is of
SELECT
    g.window_name,
    g.un_location_code,
    g.lead_class,
    g.clock,
    g.n,
    g.n_ended,
    g.n_open,
    g.n_left_out,
    e.mean_hours,
    e.sd_hours,
    coalesce(e.median_hours, q.median_hours) AS median_hours,
    coalesce(e.p90_hours, q.p90_hours) AS p90_hours,
    r.rmst_hours,
    r.tau_micros / CAST(3600000000 AS DOUBLE) AS rmst_tau_hours,
    r.rmst_se_hours,
    concat_ws(
        ';',
        CASE WHEN g.clock <> 'exit' AND g.n > 0 AND q.median_hours IS NULL THEN 'not_reached_median' END,
        CASE WHEN g.clock <> 'exit' AND g.n > 0 AND q.p90_hours IS NULL THEN 'not_reached_p90' END,
        CASE WHEN r.is_thin = 1 THEN 'thin' END
    ) AS flags
FROM group_ages AS g
LEFT JOIN exit_quantiles AS e ON e.curve_no = g.curve_no
LEFT JOIN curve_quantiles AS q ON q.curve_no = g.curve_no
LEFT JOIN restricted_means AS r ON r.curve_no = g.curve_no
ORDER BY
    g.window_name,
    g.un_location_code NULLS LAST,
    g.lead_class NULLS LAST,
    CASE g.clock WHEN 'exit' THEN 0 WHEN 'cohort' THEN 1 ELSE 2 END
