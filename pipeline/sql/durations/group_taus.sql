-- grain: one row a curve: tau in microseconds, cut to the largest age of the group in whichever window has the smaller
-- view
-- A group of which nothing is left in has no age to be cut to, and no tau.
SELECT
    g.curve_no,
    g.clock,
    CASE
        WHEN g.largest_micros IS NOT NULL
            THEN least(
                g.asked_tau_micros,
                min(g.largest_micros) OVER (PARTITION BY g.clock, g.un_location_code, g.lead_class)
            )
    END AS tau_micros
FROM group_ages AS g
