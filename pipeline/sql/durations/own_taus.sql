-- grain: one row a curve: tau in microseconds, cut to the largest age of the group in its own window
-- view
SELECT
    g.curve_no,
    g.clock,
    CASE WHEN g.largest_micros IS NOT NULL THEN least(g.asked_tau_micros, g.largest_micros) END AS tau_micros
FROM group_ages AS g
