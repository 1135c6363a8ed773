-- grain: one row a (window, group, clock, age): age 0, and each age at which something ended; log-log 95% band of Greenwood's variance
WITH steps AS (
    SELECT curve_no, age_micros, at_risk, ended, survival, greenwood
    FROM reported_steps
    UNION ALL
    SELECT
        g.curve_no,
        CAST(0 AS BIGINT) AS age_micros,
        g.n_from_start AS at_risk,
        CAST(0 AS BIGINT) AS ended,
        CAST(1 AS DOUBLE) AS survival,
        CAST(0 AS DOUBLE) AS greenwood
    FROM group_ages AS g
    WHERE
        g.clock <> 'exit'
        AND g.n > 0
        AND NOT EXISTS (SELECT 1 FROM reported_steps AS s WHERE s.curve_no = g.curve_no AND s.age_micros = 0)
),

-- Many steps are put in order by two numbers in a fraction of the time that names take.
placed AS (
    SELECT
        *,
        row_number() OVER (
            ORDER BY window_name, un_location_code NULLS LAST, lead_class NULLS LAST, clock, curve_no
        ) AS place
    FROM group_ages
),

banded AS (
    SELECT
        s.*,
        CASE
            WHEN s.survival > 0 AND s.survival < 1 THEN 1.959964 * sqrt(s.greenwood) / abs(ln(s.survival))
        END AS log_log_reach
    FROM steps AS s
)

SELECT
    g.window_name,
    g.un_location_code,
    g.lead_class,
    g.clock,
    b.age_micros / CAST(3600000000 AS DOUBLE) AS age_hours,
    b.at_risk,
    b.ended,
    b.survival,
    CASE
        WHEN b.survival = 1 THEN CAST(1 AS DOUBLE)
        WHEN b.survival > 0 THEN exp(-exp(ln(-ln(b.survival)) + b.log_log_reach))
    END AS lower,
    CASE
        WHEN b.survival = 1 THEN CAST(1 AS DOUBLE)
        WHEN b.survival > 0 THEN exp(-exp(ln(-ln(b.survival)) - b.log_log_reach))
    END AS upper
FROM banded AS b
INNER JOIN placed AS g ON g.curve_no = b.curve_no
ORDER BY g.place, b.age_micros
