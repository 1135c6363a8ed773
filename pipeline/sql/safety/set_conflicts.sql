-- grain: one row a pair of hazard sets, in both orders, of which any two hazards conflict: the gravest of those
WITH members AS (
    SELECT DISTINCT s.hazard_set, h.hazard
    FROM unit_hazard_sets AS s
    INNER JOIN unit_hazards AS h ON h.visit_id = s.visit_id
),

ordered AS (
    SELECT
        a.hazard_set AS set_a,
        b.hazard_set AS set_b,
        c.hazard_a,
        c.hazard_b,
        c.code,
        c.severity,
        c.amendment,
        row_number() OVER (
            PARTITION BY a.hazard_set, b.hazard_set ORDER BY c.severity DESC, c.hazard_a, c.hazard_b
        ) AS pair_order
    FROM hazard_codes AS c
    INNER JOIN members AS a ON a.hazard = c.hazard_a
    INNER JOIN members AS b ON b.hazard = c.hazard_b
)

SELECT set_a, set_b, hazard_a, hazard_b, code, severity, amendment
FROM ordered
WHERE pair_order = 1
