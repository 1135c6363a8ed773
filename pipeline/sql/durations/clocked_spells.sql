-- grain: one row a (spell, clock) that the clock counts, with the ages (microseconds) between which it is at risk
-- entry_micros -1: at risk from age 0 on. Exit clock: ended in the window. Cohort: began in it, followed to as_of.
-- Period: at risk in it, from its age when the window opened until it ended or the window did.
WITH windowed AS (
    SELECT
        CASE WHEN a.by_port THEN s.un_location_code END AS un_location_code,
        CASE WHEN a.by_class THEN s.lead_class END AS lead_class,
        s.is_left_out,
        s.began_at,
        s.ended_at,
        s.seen_until,
        w.from_at,
        least(s.seen_until, coalesce(w.until_at, p.as_of), p.as_of) AS period_until,
        s.ended_at IS NOT NULL
        AND (w.from_at IS NULL OR s.ended_at >= w.from_at)
        AND (w.until_at IS NULL OR s.ended_at < w.until_at) AS ends_in_window,
        (w.from_at IS NULL OR s.began_at >= w.from_at)
        AND (w.until_at IS NULL OR s.began_at < w.until_at) AS begins_in_window,
        (w.until_at IS NULL OR s.began_at < w.until_at) AS begins_before_end
    FROM spells AS s
    CROSS JOIN asked AS a
    CROSS JOIN params AS p
    INNER JOIN asked_windows AS w ON w.un_location_code = s.un_location_code
)

SELECT
    'exit' AS clock,
    un_location_code,
    lead_class,
    is_left_out,
    TRUE AS is_ended,
    CAST(-1 AS BIGINT) AS entry_micros,
    unix_micros(ended_at) - unix_micros(began_at) AS exit_micros
FROM windowed
WHERE ends_in_window
UNION ALL
SELECT
    'cohort' AS clock,
    un_location_code,
    lead_class,
    is_left_out,
    ended_at IS NOT NULL AS is_ended,
    CAST(-1 AS BIGINT) AS entry_micros,
    unix_micros(seen_until) - unix_micros(began_at) AS exit_micros
FROM windowed
WHERE begins_in_window
UNION ALL
SELECT
    'period' AS clock,
    un_location_code,
    lead_class,
    is_left_out,
    ends_in_window AS is_ended,
    CASE
        WHEN begins_in_window THEN CAST(-1 AS BIGINT)
        ELSE unix_micros(from_at) - unix_micros(began_at)
    END AS entry_micros,
    unix_micros(period_until) - unix_micros(began_at) AS exit_micros
FROM windowed
WHERE
    begins_before_end
    AND (begins_in_window OR period_until > from_at)
