-- grain: one row a (day, selection basis): inspected and misdeclared of all ports so far, the day included
WITH days AS (
    SELECT i.day, i.selection_basis, sum(i.inspected) AS inspected, sum(i.misdeclared) AS misdeclared
    FROM inspected_days AS i
    GROUP BY i.day, i.selection_basis
),

spans AS (
    SELECT d.selection_basis, min(d.day) AS first_day FROM days AS d GROUP BY d.selection_basis
),

last_day AS (
    SELECT max(w.day) AS last_day FROM watched_days AS w
)

SELECT
    c.day,
    datediff(c.day, DATE '1990-01-01') AS day_number,
    s.selection_basis,
    CAST(sum(coalesce(d.inspected, 0)) OVER so_far AS BIGINT) AS inspected_so_far,
    CAST(sum(coalesce(d.misdeclared, 0)) OVER so_far AS BIGINT) AS misdeclared_so_far
FROM spans AS s
CROSS JOIN last_day AS l
INNER JOIN calendar AS c ON c.day >= s.first_day AND c.day <= l.last_day
LEFT JOIN days AS d ON d.day = c.day AND d.selection_basis = s.selection_basis
WINDOW so_far AS (
    PARTITION BY s.selection_basis ORDER BY c.day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
