-- grain: one row a (curve, age) at which something ended: the Kaplan-Meier curve after it, with Greenwood's sum
-- The curve is a running product, summed as logarithms; once all at risk have ended it is 0 for good.
WITH terms AS (
    SELECT
        curve_no,
        age_micros,
        at_risk,
        ended,
        CASE WHEN ended < at_risk THEN ln((at_risk - ended) / CAST(at_risk AS DOUBLE)) ELSE 0 END AS log_factor,
        CASE WHEN ended < at_risk THEN 0 ELSE 1 END AS ends_all,
        CASE
            WHEN ended < at_risk THEN ended / (CAST(at_risk AS DOUBLE) * (at_risk - ended)) ELSE 0
        END AS greenwood_term
    FROM risk_steps
    WHERE ended > 0
),

running AS (
    SELECT
        t.*,
        CAST(sum(CAST(t.log_factor * 1e24 AS DECIMAL(38, 0))) OVER upto AS DOUBLE) / 1e24 AS log_survival,
        max(t.ends_all) OVER upto AS is_zero,
        CAST(sum(CAST(t.greenwood_term * 1e24 AS DECIMAL(38, 0))) OVER upto AS DOUBLE) / 1e24 AS greenwood
    FROM terms AS t
    WINDOW upto AS (
        PARTITION BY t.curve_no ORDER BY t.age_micros ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)

SELECT
    r.curve_no,
    r.age_micros,
    r.at_risk,
    r.ended,
    r.greenwood,
    CASE WHEN r.is_zero = 1 THEN CAST(0 AS DOUBLE) ELSE exp(r.log_survival) END AS survival
FROM running AS r
