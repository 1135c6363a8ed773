-- grain: one row a stay at risk in the days before as_of that survival is taken from, with the ages between which it is
-- view
-- entry_micros -1: it came in those days, and is at risk from age 0 on.
WITH windowed AS (
    SELECT
        s.un_location_code,
        s.lead_class,
        s.arrived_at,
        s.left_at,
        p.as_of,
        unix_micros(p.as_of) - CAST(v.survival_window_days * CAST(86400000000 AS DOUBLE) AS BIGINT) AS from_micros
    FROM batch_stays AS s
    CROSS JOIN params AS p
    CROSS JOIN safety_set AS v
    WHERE s.arrived_at <= p.as_of
)

SELECT
    w.un_location_code,
    w.lead_class,
    CASE
        WHEN unix_micros(w.arrived_at) >= w.from_micros THEN CAST(-1 AS BIGINT)
        ELSE w.from_micros - unix_micros(w.arrived_at)
    END AS entry_micros,
    unix_micros(coalesce(w.left_at, w.as_of)) - unix_micros(w.arrived_at) AS exit_micros,
    CASE WHEN w.left_at IS NULL THEN 0 ELSE 1 END AS ended
FROM windowed AS w
WHERE w.left_at IS NULL OR unix_micros(w.left_at) > w.from_micros
