-- grain: one row a stretch of a curve in which anything ended: how many, and the sums of their ages and their squares
-- What ends at the age of a bound ends in the stretch up to it: ends come before entries and censorings of the same age.
WITH placed AS (
    SELECT
        e.curve_no,
        e.age_micros,
        e.bound_micros,
        count(e.bound_micros) OVER (
            PARTITION BY e.curve_no ORDER BY e.age_micros, e.is_bound
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS bounds_before
    FROM (
        SELECT curve_no, exit_micros AS age_micros, 0 AS is_bound, CAST(NULL AS BIGINT) AS bound_micros
        FROM clocked_spells
        WHERE clock <> 'exit' AND NOT is_left_out AND is_ended
        UNION ALL
        SELECT curve_no, age_micros, 1 AS is_bound, age_micros AS bound_micros
        FROM curve_bounds
    ) AS e
)

SELECT
    curve_no,
    bounds_before + 1 AS stretch_no,
    count(*) AS ended,
    min(age_micros) = max(age_micros) AS is_one_age,
    sum(CAST(age_micros AS DECIMAL(38, 0))) AS sum_micros,
    sum(CAST(age_micros AS DECIMAL(19, 0)) * CAST(age_micros AS DECIMAL(19, 0))) AS sum_square_micros
FROM placed
WHERE bound_micros IS NULL
GROUP BY curve_no, bounds_before
