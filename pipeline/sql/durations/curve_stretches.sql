-- grain: one row a stretch of a Kaplan-Meier curve: at risk when it begins, ended in it, the curve at both of its ends
-- Between two bounds nothing enters and nothing is censored, so the product of (n - d) / n over its ages is that of the
-- whole: left / at risk. Greenwood's sum telescopes alike, to 1 / left - 1 / at risk. So no single age is needed.
-- Logarithms and Greenwood's terms are summed in whole parts of 1e-24: the same in whatever order an engine adds.
-- The curve is a running product, summed as logarithms; once all at risk have ended it is 0 for good.
WITH joined AS (
    SELECT
        b.curve_no,
        b.stretch_no,
        g.clock,
        b.until_micros,
        b.from_micros,
        coalesce(e.ended, 0) AS ended,
        coalesce(e.is_one_age, FALSE) AS is_one_age,
        coalesce(e.short_micros, 0) AS short_micros,
        coalesce(e.short_square_micros, 0) AS short_square_micros,
        g.n_from_start
        + coalesce(
            sum(b.entered - b.censored - coalesce(e.ended, 0)) OVER (
                PARTITION BY b.curve_no ORDER BY b.stretch_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS at_risk
    FROM curve_bounds AS b
    INNER JOIN group_ages AS g ON g.curve_no = b.curve_no
    LEFT JOIN stretch_ends AS e ON e.curve_no = b.curve_no AND e.stretch_no = b.stretch_no
),

terms AS (
    SELECT
        j.*,
        CASE WHEN j.ended < j.at_risk THEN ln((j.at_risk - j.ended) / CAST(j.at_risk AS DOUBLE)) ELSE 0 END
            AS log_factor,
        CASE WHEN j.ended > 0 AND j.ended = j.at_risk THEN 1 ELSE 0 END AS ends_all,
        CASE
            WHEN j.ended < j.at_risk THEN j.ended / (CAST(j.at_risk AS DOUBLE) * (j.at_risk - j.ended)) ELSE 0
        END AS greenwood_term
    FROM joined AS j
),

running AS (
    SELECT
        t.*,
        coalesce(CAST(sum(CAST(t.log_factor * 1e24 AS DECIMAL(38, 0))) OVER before AS DOUBLE) / 1e24, 0) AS log_survival,
        coalesce(max(t.ends_all) OVER before, 0) AS is_zero,
        coalesce(CAST(sum(CAST(t.greenwood_term * 1e24 AS DECIMAL(38, 0))) OVER before AS DOUBLE) / 1e24, 0)
            AS greenwood
    FROM terms AS t
    WINDOW before AS (
        PARTITION BY t.curve_no ORDER BY t.stretch_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),

begun AS (
    SELECT
        r.*,
        CASE WHEN r.is_zero = 1 THEN CAST(0 AS DOUBLE) ELSE exp(r.log_survival) END AS survival_from
    FROM running AS r
)

SELECT
    b.curve_no,
    b.stretch_no,
    b.clock,
    b.from_micros,
    b.until_micros,
    CAST(b.at_risk AS BIGINT) AS at_risk,
    CAST(b.ended AS BIGINT) AS ended,
    b.is_one_age,
    b.short_micros,
    b.short_square_micros,
    b.greenwood,
    b.survival_from,
    CASE
        WHEN b.at_risk > 0 THEN b.survival_from * (b.at_risk - b.ended) / b.at_risk ELSE b.survival_from
    END AS survival_until
FROM begun AS b
