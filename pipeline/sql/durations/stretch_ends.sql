-- grain: one row a stretch of a curve in which anything ended: how many, and by how much they fell short of its end
-- What ends at the age of a bound ends in the stretch up to it: ends come before entries and censorings of the same age.
SELECT
    b.curve_no,
    b.stretch_no,
    count(*) AS ended,
    min(e.age_micros) = max(e.age_micros) AS is_one_age,
    sum(b.until_micros - e.age_micros) AS short_micros,
    sum(
        CAST(b.until_micros - e.age_micros AS DECIMAL(19, 0)) * CAST(b.until_micros - e.age_micros AS DECIMAL(19, 0))
    ) AS short_square_micros
FROM ended_ages AS e
INNER JOIN curve_bounds AS b
    ON
        b.curve_no = e.curve_no
        AND b.cell = e.cell
        AND e.age_micros > coalesce(b.from_micros, -1)
        AND e.age_micros <= b.until_micros
GROUP BY b.curve_no, b.stretch_no
