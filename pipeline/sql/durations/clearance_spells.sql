-- grain: one row a batch in the stage asked for: from its beginning to its end, or to where it is censored
-- view
-- Left out, and counted: milestones that run backwards, and an end (or a censoring) before the beginning.
WITH followed AS (
    SELECT
        c.un_location_code,
        c.lead_class,
        c.direction,
        c.began_at,
        c.ended_at,
        CASE
            WHEN c.ended_at IS NOT NULL THEN c.ended_at
            WHEN c.left_at IS NOT NULL AND c.left_at < p.as_of THEN c.left_at
            ELSE p.as_of
        END AS seen_until,
        c.is_impossible_order
    FROM clearance_stages AS c
    CROSS JOIN params AS p
)

SELECT
    f.un_location_code,
    f.lead_class,
    f.direction,
    f.began_at,
    f.ended_at,
    f.seen_until,
    f.is_impossible_order OR f.seen_until < f.began_at AS is_left_out
FROM followed AS f
