-- grain: one row a stretch of a curve, up to and with the age of a bound: within it the risk set shrinks by ends alone
-- Bounds are the ages of the changes and, in every cell, the last age at which something ended: so each end lies in the
-- same cell as the bound of its stretch, and finds it there. from_micros is null in the first, which begins before age 0.
WITH bounds AS (
    SELECT curve_no, age_micros, entered, censored
    FROM risk_changes
    UNION ALL
    SELECT curve_no, max(age_micros) AS age_micros, 0 AS entered, 0 AS censored
    FROM ended_ages
    GROUP BY curve_no, cell
),

merged AS (
    SELECT curve_no, age_micros, sum(entered) AS entered, sum(censored) AS censored
    FROM bounds
    GROUP BY curve_no, age_micros
)

SELECT
    m.curve_no,
    row_number() OVER (PARTITION BY m.curve_no ORDER BY m.age_micros) AS stretch_no,
    lag(m.age_micros) OVER (PARTITION BY m.curve_no ORDER BY m.age_micros) AS from_micros,
    m.age_micros AS until_micros,
    m.entered,
    m.censored,
    CAST(floor(ln(m.age_micros + 1) * s.scale) AS BIGINT) AS cell
FROM merged AS m
INNER JOIN curve_scales AS s ON s.curve_no = m.curve_no
