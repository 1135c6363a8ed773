-- grain: one row a pair of hazards, in both orders, that the matrix lets stand apart: its strictest code
-- A class without division takes the strictest of its divisions. Class 1 with class 1 goes by compatibility group: code *
-- where the two groups may not be together or one is not told. severity: 1 to 4 as the code, 5 for *.
WITH hazards AS (
    SELECT DISTINCT
        hazard,
        regexp_replace(hazard, '[A-Z]+$', '') AS division
    FROM unit_hazards
),

rows_of AS (
    SELECT
        h.hazard,
        h.division,
        substr(h.hazard, length(h.division) + 1) AS compatibility_group,
        c.class_a AS table_class
    FROM hazards AS h
    INNER JOIN (SELECT DISTINCT class_a FROM segregation) AS c
        ON c.class_a = h.division OR substr(c.class_a, 1, length(h.division) + 1) = concat(h.division, '.')
),

coded AS (
    SELECT
        a.hazard AS hazard_a,
        b.hazard AS hazard_b,
        s.code,
        CASE
            WHEN s.code <> '*' THEN CAST(s.code AS BIGINT)
            WHEN coalesce(g.permitted, FALSE) THEN 0
            ELSE 5
        END AS severity,
        CASE WHEN s.code = '*' THEN coalesce(g.amendment, s.amendment) ELSE s.amendment END AS amendment
    FROM rows_of AS a
    CROSS JOIN rows_of AS b
    INNER JOIN segregation AS s ON s.class_a = a.table_class AND s.class_b = b.table_class
    LEFT JOIN segregation_class_one AS g
        ON g.group_a = a.compatibility_group AND g.group_b = b.compatibility_group
),

ordered AS (
    SELECT
        c.*,
        row_number() OVER (
            PARTITION BY c.hazard_a, c.hazard_b ORDER BY c.severity DESC, c.code, c.amendment
        ) AS code_order
    FROM coded AS c
)

SELECT hazard_a, hazard_b, code, severity, amendment
FROM ordered
WHERE code_order = 1 AND severity > 0
