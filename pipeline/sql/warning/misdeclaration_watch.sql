-- grain: one row a watched day with enough inspections: misdeclared batches against what all ports' rates would give
-- Expected is reckoned by selection basis, so that more targeted inspections do not look like more misdeclaration.
WITH watched AS (
    SELECT
        w.*,
        r.threshold,
        r.minimum,
        datediff(w.day, DATE '1990-01-01') - r.window_days AS end_number,
        datediff(w.day, DATE '1990-01-01') - r.window_days - r.baseline_days AS start_number
    FROM inspected_windows AS w
    INNER JOIN alert_rules AS r ON r.indicator = 'misdeclaration'
),

expected AS (
    SELECT
        w.un_location_code,
        w.day,
        w.inspected,
        w.misdeclared,
        w.threshold,
        w.minimum,
        (e.misdeclared_so_far - coalesce(b.misdeclared_so_far, 0))
        / CAST(nullif(e.inspected_so_far - coalesce(b.inspected_so_far, 0), 0) AS DOUBLE) AS usual_rate
    FROM watched AS w
    INNER JOIN national_rates AS e
        ON e.selection_basis = w.selection_basis AND e.day_number = w.end_number
    LEFT JOIN national_rates AS b
        ON b.selection_basis = w.selection_basis AND b.day_number = w.start_number
),

added AS (
    SELECT
        x.un_location_code,
        x.day,
        max(x.threshold) AS threshold,
        max(x.minimum) AS minimum,
        sum(x.inspected) AS inspected,
        sum(x.misdeclared) AS misdeclared,
        sum(x.inspected * x.usual_rate) AS expected,
        sum(x.inspected * x.usual_rate * (1 - x.usual_rate)) AS variance
    FROM expected AS x
    WHERE x.usual_rate IS NOT NULL
    GROUP BY x.un_location_code, x.day
)

SELECT
    a.un_location_code,
    a.day,
    'misdeclaration' AS indicator,
    100 * a.misdeclared / a.inspected AS value,
    100 * (a.expected + a.threshold * sqrt(a.variance)) / a.inspected AS limit_value,
    a.misdeclared > a.expected + a.threshold * sqrt(a.variance) AS has_fired
FROM added AS a
WHERE a.inspected >= a.minimum AND a.variance > 0
