-- grain: one row a group of the period clock: area under its curve up to tau in hours, standard error, and whether it is thin
WITH intervals AS (
    SELECT
        s.un_location_code,
        s.lead_class,
        s.age_micros,
        s.at_risk,
        s.ended,
        s.survival,
        s.survival_before,
        s.greenwood_term,
        t.tau_micros,
        coalesce(
            lead(s.age_micros) OVER (PARTITION BY s.un_location_code, s.lead_class ORDER BY s.age_micros),
            t.tau_micros
        ) AS next_micros
    FROM survival_steps AS s
    INNER JOIN group_taus AS t
        ON
            t.clock = s.clock
            AND coalesce(t.un_location_code, '') = coalesce(s.un_location_code, '')
            AND coalesce(t.lead_class, '') = coalesce(s.lead_class, '')
    WHERE s.clock = 'period' AND s.age_micros <= t.tau_micros
),

areas AS (
    SELECT
        i.*,
        i.survival * (least(i.next_micros, i.tau_micros) - i.age_micros) / CAST(3600000000 AS DOUBLE) AS area_hours
    FROM intervals AS i
),

remaining AS (
    SELECT
        a.*,
        sum(a.area_hours) OVER (
            PARTITION BY a.un_location_code, a.lead_class ORDER BY a.age_micros
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS area_after_hours
    FROM areas AS a
),

-- Sums in the order of ages: those of doubles are not the same to the digit in any other.
totals AS (
    SELECT
        r.*,
        sum(r.area_after_hours * r.area_after_hours * r.greenwood_term) OVER (
            PARTITION BY r.un_location_code, r.lead_class ORDER BY r.age_micros
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS variance_so_far
    FROM remaining AS r
),

summed AS (
    SELECT
        r.un_location_code,
        r.lead_class,
        min(r.age_micros) AS first_micros,
        max(r.area_after_hours) AS area_hours,
        max(r.variance_so_far) AS variance,
        max(
            CASE
                WHEN r.age_micros < r.tau_micros AND r.at_risk < 5 AND r.survival_before > 0.1 + 1e-12 THEN 1 ELSE 0
            END
        ) AS is_thin
    FROM totals AS r
    GROUP BY r.un_location_code, r.lead_class
)

SELECT
    t.un_location_code,
    t.lead_class,
    t.tau_micros,
    coalesce(s.first_micros, t.tau_micros) / CAST(3600000000 AS DOUBLE) + coalesce(s.area_hours, 0) AS rmst_hours,
    sqrt(coalesce(s.variance, 0)) AS rmst_se_hours,
    coalesce(s.is_thin, 0) AS is_thin
FROM group_taus AS t
LEFT JOIN summed AS s
    ON
        coalesce(s.un_location_code, '') = coalesce(t.un_location_code, '')
        AND coalesce(s.lead_class, '') = coalesce(t.lead_class, '')
WHERE t.clock = 'period' AND t.tau_micros IS NOT NULL
