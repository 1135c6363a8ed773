-- grain: one row a group of the period clock: its restricted mean at the shared tau, and the age to which its curve is known
-- known_to_micros is null where the curve comes down to 0: then it is known for good. last_survival: where it ends.
SELECT
    g.un_location_code,
    g.lead_class,
    g.n,
    g.n_ended,
    g.n_open,
    g.n_left_out,
    CASE WHEN coalesce(w.last_survival, 1) > 0 THEN g.largest_micros END AS known_to_micros,
    r.tau_micros / CAST(3600000000 AS DOUBLE) AS rmst_tau_hours,
    r.rmst_hours,
    r.rmst_se_hours,
    coalesce(w.last_survival, 1) AS last_survival,
    coalesce(r.is_thin, 0) = 1 AS is_thin
FROM group_ages AS g
LEFT JOIN curve_ends AS w ON w.curve_no = g.curve_no
LEFT JOIN restricted_means AS r ON r.curve_no = g.curve_no
WHERE g.clock = 'period'
ORDER BY g.un_location_code NULLS LAST, g.lead_class NULLS LAST
