-- grain: one row a group of the exit clock: mean and linear-interpolated quantiles of its durations, in hours
-- Sums are of whole microseconds, so that they are exact and the same in whatever order an engine adds.
WITH ended AS (
    SELECT c.un_location_code, c.lead_class, c.exit_micros
    FROM clocked_spells AS c
    WHERE c.clock = 'exit' AND NOT c.is_left_out
),

means AS (
    SELECT
        e.un_location_code,
        e.lead_class,
        count(*) AS n,
        CAST(sum(CAST(e.exit_micros AS DECIMAL(38, 0))) AS DOUBLE) / count(*) AS mean_micros,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY e.exit_micros / CAST(3600000000 AS DOUBLE)) AS median_hours,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY e.exit_micros / CAST(3600000000 AS DOUBLE)) AS p90_hours
    FROM ended AS e
    GROUP BY e.un_location_code, e.lead_class
),

deviations AS (
    SELECT
        m.un_location_code,
        m.lead_class,
        CAST(e.exit_micros - CAST(round(m.mean_micros) AS BIGINT) AS DECIMAL(19, 0)) AS deviation_micros
    FROM ended AS e
    INNER JOIN means AS m
        ON
            coalesce(m.un_location_code, '') = coalesce(e.un_location_code, '')
            AND coalesce(m.lead_class, '') = coalesce(e.lead_class, '')
),

squares AS (
    SELECT d.un_location_code, d.lead_class, CAST(sum(d.deviation_micros * d.deviation_micros) AS DOUBLE) AS squares
    FROM deviations AS d
    GROUP BY d.un_location_code, d.lead_class
)

SELECT
    m.un_location_code,
    m.lead_class,
    m.mean_micros / CAST(3600000000 AS DOUBLE) AS mean_hours,
    sqrt(s.squares / nullif(m.n - 1, 0)) / CAST(3600000000 AS DOUBLE) AS sd_hours,
    m.median_hours,
    m.p90_hours
FROM means AS m
INNER JOIN squares AS s
    ON
        coalesce(s.un_location_code, '') = coalesce(m.un_location_code, '')
        AND coalesce(s.lead_class, '') = coalesce(m.lead_class, '')
