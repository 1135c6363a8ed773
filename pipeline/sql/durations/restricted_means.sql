-- grain: one row a curve of the period clock: area under it up to tau in hours, standard error, and whether it is thin
-- In a stretch of length l with n at risk, from which d end x short of its end, and with s on the curve when it begins:
-- the area is s / n (n l - sum x). The variance is the sum over ends of (area after)^2 times Greenwood's term; summed by
-- parts, with G Greenwood's sum and A the area after, a stretch adds
-- G (A_from^2 - A_until^2) + 2 A_until s / n^2 sum x + (s / n)^2 (sum x^2 - (sum x)^2 / n).
WITH lengths AS (
    SELECT
        s.curve_no,
        s.stretch_no,
        s.at_risk,
        s.greenwood,
        s.survival_from,
        s.is_one_age AND s.ended = s.at_risk AS ends_all_at_once,
        (s.until_micros - coalesce(s.from_micros, 0)) / CAST(3600000000 AS DOUBLE) AS length_hours,
        CAST(s.short_micros AS DOUBLE) / 3600000000 AS short_hours,
        CAST(s.short_square_micros AS DOUBLE) / 3600000000 / 3600000000 AS short_square_hours
    FROM curve_stretches AS s
    INNER JOIN group_taus AS t ON t.curve_no = s.curve_no
    WHERE s.clock = 'period' AND s.until_micros <= t.tau_micros
),

areas AS (
    SELECT
        l.*,
        CASE
            WHEN l.at_risk > 0 THEN l.survival_from * (l.length_hours - l.short_hours / l.at_risk)
            ELSE l.survival_from * l.length_hours
        END AS area_hours
    FROM lengths AS l
),

remaining AS (
    SELECT
        a.*,
        coalesce(
            CAST(sum(CAST(a.area_hours * 1e24 AS DECIMAL(38, 0))) OVER (
                PARTITION BY a.curve_no ORDER BY a.stretch_no DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS DOUBLE) / 1e24,
            0
        ) AS area_after_hours
    FROM areas AS a
),

-- Sums of whole parts of 1e-24: those of doubles are not the same to the digit in another order, nor in another build.
totals AS (
    SELECT
        r.curve_no,
        r.stretch_no,
        r.area_hours + r.area_after_hours AS area_from_hours,
        CAST(sum(CAST((
            r.greenwood * r.area_hours * (2 * r.area_after_hours + r.area_hours)
            + CASE
                WHEN r.at_risk > 0
                    THEN
                        2 * r.area_after_hours * r.survival_from / r.at_risk * (r.short_hours / r.at_risk)
                        + r.survival_from / r.at_risk * (r.survival_from / r.at_risk)
                        * CASE
                            WHEN r.ends_all_at_once THEN 0
                            ELSE r.short_square_hours - r.short_hours * r.short_hours / r.at_risk
                        END
                ELSE 0
            END
        ) * 1e24 AS DECIMAL(38, 0))) OVER (
            PARTITION BY r.curve_no ORDER BY r.stretch_no DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS DOUBLE) / 1e24 AS variance_from
    FROM remaining AS r
),

summed AS (
    SELECT t.curve_no, t.area_from_hours AS rmst_hours, t.variance_from AS variance
    FROM totals AS t
    WHERE t.stretch_no = 1
),

thin AS (
    SELECT DISTINCT d.curve_no
    FROM curve_details AS d
    INNER JOIN group_taus AS t ON t.curve_no = d.curve_no
    WHERE
        d.clock = 'period' AND d.age_micros < t.tau_micros AND d.at_risk < 5 AND d.survival_before > 0.1 + 1e-12
)

SELECT
    t.curve_no,
    t.tau_micros,
    coalesce(s.rmst_hours, 0) AS rmst_hours,
    sqrt(greatest(coalesce(s.variance, 0), 0)) AS rmst_se_hours,
    CASE WHEN h.curve_no IS NULL THEN 0 ELSE 1 END AS is_thin
FROM group_taus AS t
LEFT JOIN summed AS s ON s.curve_no = t.curve_no
LEFT JOIN thin AS h ON h.curve_no = t.curve_no
WHERE t.clock = 'period' AND t.tau_micros IS NOT NULL
