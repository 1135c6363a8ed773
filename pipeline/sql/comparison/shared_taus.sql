-- grain: one row a curve that counts anything: the one tau that all groups are compared at, in microseconds
-- view
-- Not cut to the group's own ages: a curve that ends above 0 before it is held at its last value.
SELECT
    g.curve_no,
    g.clock,
    CASE WHEN g.n > 0 THEN g.asked_tau_micros END AS tau_micros
FROM group_ages AS g
