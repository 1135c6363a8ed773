-- grain: one row a curve, a (group, clock): how many, how many ended, the largest age, and the tau that is asked for
-- n_from_start: at risk from age 0 on.
WITH counted_ages AS (
    SELECT
        c.curve_no,
        c.group_no,
        c.clock,
        count(*) FILTER (WHERE NOT c.is_left_out) AS n,
        count(*) FILTER (WHERE NOT c.is_left_out AND c.is_ended) AS n_ended,
        count(*) FILTER (WHERE NOT c.is_left_out AND NOT c.is_ended) AS n_open,
        count(*) FILTER (WHERE c.is_left_out) AS n_left_out,
        count(*) FILTER (WHERE NOT c.is_left_out AND c.entry_micros < 0) AS n_from_start,
        max(CASE WHEN NOT c.is_left_out THEN c.exit_micros END) AS largest_micros
    FROM clocked_spells AS c
    GROUP BY c.curve_no, c.group_no, c.clock
)

SELECT
    c.*,
    g.window_name,
    g.group_port AS un_location_code,
    g.group_class AS lead_class,
    a.tau_micros AS asked_tau_micros
FROM counted_ages AS c
INNER JOIN (
    SELECT DISTINCT group_no, window_name, group_port, group_class FROM spell_groups
) AS g ON g.group_no = c.group_no
CROSS JOIN asked_duration AS a
