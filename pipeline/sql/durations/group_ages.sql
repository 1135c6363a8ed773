-- grain: one row a (group, clock): how many, how many ended, the largest age, and the tau that its mean is restricted to
SELECT
    c.clock,
    c.un_location_code,
    c.lead_class,
    count(*) FILTER (WHERE NOT c.is_left_out) AS n,
    count(*) FILTER (WHERE NOT c.is_left_out AND c.is_ended) AS n_ended,
    count(*) FILTER (WHERE NOT c.is_left_out AND NOT c.is_ended) AS n_open,
    count(*) FILTER (WHERE c.is_left_out) AS n_left_out,
    max(CASE WHEN NOT c.is_left_out THEN c.exit_micros END) AS largest_micros,
    max(a.tau_micros) AS asked_tau_micros
FROM clocked_spells AS c
CROSS JOIN asked_duration AS a
GROUP BY c.clock, c.un_location_code, c.lead_class
