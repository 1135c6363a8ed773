-- grain: one row a (group, clock, age in microseconds) at which something entered, ended or was censored
-- At risk at age t: entry < t <= exit. Ended come before censored of the same age.
WITH changes AS (
    SELECT clock, un_location_code, lead_class, entry_micros AS age_micros, 1 AS entered, 0 AS exited, 0 AS ended
    FROM clocked_spells
    WHERE clock <> 'exit' AND NOT is_left_out
    UNION ALL
    SELECT
        clock,
        un_location_code,
        lead_class,
        exit_micros AS age_micros,
        0 AS entered,
        1 AS exited,
        CASE WHEN is_ended THEN 1 ELSE 0 END AS ended
    FROM clocked_spells
    WHERE clock <> 'exit' AND NOT is_left_out
),

summed AS (
    SELECT
        clock,
        un_location_code,
        lead_class,
        age_micros,
        sum(entered) AS entered,
        sum(exited) AS exited,
        sum(ended) AS ended
    FROM changes
    GROUP BY clock, un_location_code, lead_class, age_micros
)

SELECT
    clock,
    un_location_code,
    lead_class,
    age_micros,
    CAST(ended AS BIGINT) AS ended,
    CAST(
        coalesce(
            sum(entered - exited) OVER (
                PARTITION BY clock, un_location_code, lead_class ORDER BY age_micros
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS BIGINT
    ) AS at_risk
FROM summed
