-- grain: one row a Kaplan-Meier curve: how finely its ages are cut into cells, by how many changes there are to tell apart
-- A cell is the whole part of ln(age + 1) times the scale. Any scale is right: it says only how many rows are compared.
SELECT curve_no, greatest(count(*) / CAST(10 AS DOUBLE), 50) AS scale
FROM risk_changes
GROUP BY curve_no
