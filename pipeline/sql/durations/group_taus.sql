-- grain: one row a curve: tau in microseconds, cut to the largest age of the group and to a cap set from outside
-- view
-- A group of which nothing is left in has no age to be cut to, and no tau.
SELECT
    g.curve_no,
    g.clock,
    CASE
        WHEN g.largest_micros IS NOT NULL
            THEN least(g.asked_tau_micros, g.largest_micros, coalesce(c.cap_micros, g.asked_tau_micros))
    END AS tau_micros
FROM group_ages AS g
LEFT JOIN tau_caps AS c ON c.scope = coalesce(g.un_location_code, 'all')
