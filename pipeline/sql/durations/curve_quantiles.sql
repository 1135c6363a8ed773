-- grain: one row a (group, clock) of the Kaplan-Meier clocks: the smallest ages at which the curve is 0.5 and 0.1 or less
SELECT
    s.clock,
    s.un_location_code,
    s.lead_class,
    min(CASE WHEN s.survival <= 0.5 + 1e-12 THEN s.age_micros END) / CAST(3600000000 AS DOUBLE) AS median_hours,
    min(CASE WHEN s.survival <= 0.1 + 1e-12 THEN s.age_micros END) / CAST(3600000000 AS DOUBLE) AS p90_hours
FROM survival_steps AS s
GROUP BY s.clock, s.un_location_code, s.lead_class
