-- grain: one row a (curve, age) at which something ended, of the few stretches in which single ages matter
-- They are those in which the curve comes down to a quantile, and those after which fewer than 5 are at risk.
WITH wanted AS (
    SELECT s.*
    FROM curve_stretches AS s
    WHERE
        s.ended > 0
        AND (
            (s.survival_from > 0.5 - 1e-9 AND s.survival_until <= 0.5 + 1e-9)
            OR (s.survival_from > 0.1 - 1e-9 AND s.survival_until <= 0.1 + 1e-9)
            OR (s.survival_from > 0.1 AND s.at_risk - s.ended < 5)
        )
),

ages AS (
    SELECT
        w.curve_no,
        w.stretch_no,
        c.exit_micros AS age_micros,
        max(w.clock) AS clock,
        max(w.at_risk) AS at_risk_from,
        max(w.survival_from) AS survival_from,
        count(*) AS ended
    FROM clocked_spells AS c
    INNER JOIN wanted AS w
        ON
            w.curve_no = c.curve_no
            AND (w.from_micros IS NULL OR c.exit_micros > w.from_micros)
            AND c.exit_micros <= w.until_micros
    WHERE c.clock <> 'exit' AND NOT c.is_left_out AND c.is_ended
    GROUP BY w.curve_no, w.stretch_no, c.exit_micros
),

risked AS (
    SELECT
        a.*,
        a.at_risk_from - coalesce(
            sum(a.ended) OVER (
                PARTITION BY a.curve_no, a.stretch_no ORDER BY a.age_micros
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS at_risk
    FROM ages AS a
)

SELECT
    r.curve_no,
    r.clock,
    r.age_micros,
    r.at_risk,
    r.survival_from * r.at_risk / r.at_risk_from AS survival_before,
    r.survival_from * (r.at_risk - r.ended) / r.at_risk_from AS survival
FROM risked AS r
