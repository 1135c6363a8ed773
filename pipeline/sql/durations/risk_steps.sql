-- grain: one row a (curve, age in microseconds) at which something entered, ended or was censored
-- At risk at age t: entry < t <= exit. Ended come before censored of the same age.
WITH changes AS (
    SELECT curve_no, entry_micros AS age_micros, 1 AS entered, 0 AS exited, 0 AS ended
    FROM clocked_spells
    WHERE clock = 'period' AND NOT is_left_out AND entry_micros >= 0
    UNION ALL
    SELECT
        curve_no,
        exit_micros AS age_micros,
        0 AS entered,
        1 AS exited,
        CASE WHEN is_ended THEN 1 ELSE 0 END AS ended
    FROM clocked_spells
    WHERE clock <> 'exit' AND NOT is_left_out
),

summed AS (
    SELECT
        curve_no,
        age_micros,
        sum(entered) AS entered,
        sum(exited) AS exited,
        sum(ended) AS ended
    FROM changes
    GROUP BY curve_no, age_micros
)

SELECT
    s.curve_no,
    s.age_micros,
    CAST(s.ended AS BIGINT) AS ended,
    g.n_from_start + CAST(
        coalesce(
            sum(s.entered - s.exited) OVER (
                PARTITION BY s.curve_no ORDER BY s.age_micros ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS BIGINT
    ) AS at_risk
FROM summed AS s
INNER JOIN group_ages AS g ON g.curve_no = s.curve_no
