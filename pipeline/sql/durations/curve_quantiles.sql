-- grain: one row a Kaplan-Meier curve that comes down to a quantile: the smallest ages at which it is 0.5 and 0.1 or less
SELECT
    d.curve_no,
    min(CASE WHEN d.survival <= 0.5 + 1e-12 THEN d.age_micros END) / CAST(3600000000 AS DOUBLE) AS median_hours,
    min(CASE WHEN d.survival <= 0.1 + 1e-12 THEN d.age_micros END) / CAST(3600000000 AS DOUBLE) AS p90_hours
FROM curve_details AS d
GROUP BY d.curve_no
