-- grain: one row a group of the period clock: its restricted mean at the shared tau, and the age to which its curve is known
-- known_to_micros is null where the curve comes down to 0: then it is known for good.
WITH lows AS (
    SELECT s.un_location_code, s.lead_class, min(s.survival) AS last_survival
    FROM survival_steps AS s
    WHERE s.clock = 'period'
    GROUP BY s.un_location_code, s.lead_class
)

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
    coalesce(r.is_thin, 0) = 1 AS is_thin
FROM group_ages AS g
LEFT JOIN lows AS w
    ON
        coalesce(w.un_location_code, '') = coalesce(g.un_location_code, '')
        AND coalesce(w.lead_class, '') = coalesce(g.lead_class, '')
LEFT JOIN restricted_means AS r
    ON
        coalesce(r.un_location_code, '') = coalesce(g.un_location_code, '')
        AND coalesce(r.lead_class, '') = coalesce(g.lead_class, '')
WHERE g.clock = 'period'
ORDER BY g.un_location_code, g.lead_class
