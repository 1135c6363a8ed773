-- grain: one row a (port, clock, age): age 0, and each age at which something ended; log-log 95% band of Greenwood's variance
WITH starts AS (
    SELECT
        g.clock,
        g.un_location_code,
        count(*) FILTER (WHERE c.entry_micros < 0) AS at_risk
    FROM group_ages AS g
    INNER JOIN clocked_spells AS c
        ON c.clock = g.clock AND coalesce(c.un_location_code, '') = coalesce(g.un_location_code, '')
    WHERE g.clock <> 'exit' AND g.n > 0 AND NOT c.is_left_out
    GROUP BY g.clock, g.un_location_code
),

steps AS (
    SELECT
        s.clock,
        s.un_location_code,
        s.age_micros,
        s.at_risk,
        s.ended,
        s.survival,
        s.greenwood
    FROM survival_steps AS s
    UNION ALL
    SELECT
        t.clock,
        t.un_location_code,
        CAST(0 AS BIGINT) AS age_micros,
        t.at_risk,
        CAST(0 AS BIGINT) AS ended,
        CAST(1 AS DOUBLE) AS survival,
        CAST(0 AS DOUBLE) AS greenwood
    FROM starts AS t
    WHERE
        NOT EXISTS (
            SELECT 1 FROM survival_steps AS s
            WHERE
                s.clock = t.clock
                AND coalesce(s.un_location_code, '') = coalesce(t.un_location_code, '')
                AND s.age_micros = 0
        )
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
    b.un_location_code,
    b.clock,
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
ORDER BY b.un_location_code, b.clock, b.age_micros
