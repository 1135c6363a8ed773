-- grain: one row a (curve, age) at which the risk set changes but by an end, or at which the curve is cut
WITH changes AS (
    SELECT curve_no, entry_micros AS age_micros, 1 AS entered, 0 AS censored
    FROM clocked_spells
    WHERE clock = 'period' AND NOT is_left_out AND entry_micros >= 0
    UNION ALL
    SELECT curve_no, exit_micros AS age_micros, 0 AS entered, 1 AS censored
    FROM clocked_spells
    WHERE clock <> 'exit' AND NOT is_left_out AND NOT is_ended
    UNION ALL
    SELECT curve_no, largest_micros AS age_micros, 0 AS entered, 0 AS censored
    FROM group_ages
    WHERE clock <> 'exit' AND largest_micros IS NOT NULL
    UNION ALL
    SELECT curve_no, tau_micros AS age_micros, 0 AS entered, 0 AS censored
    FROM group_taus
    WHERE clock = 'period' AND tau_micros IS NOT NULL
)

SELECT
    curve_no,
    age_micros,
    sum(entered) AS entered,
    sum(censored) AS censored
FROM changes
GROUP BY curve_no, age_micros
