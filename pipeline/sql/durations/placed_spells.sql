-- grain: one row a (spell, window) that any clock of the window counts, in the numbers that they need
-- view
-- Ages are in microseconds. entry_micros -1: at risk from age 0 on.
WITH windowed AS (
    SELECT
        s.place_no,
        s.is_left_out,
        s.has_ended,
        s.began_at,
        s.seen_until,
        w.from_at,
        least(s.seen_until, w.seen_in_window_until) AS period_until,
        s.has_ended
        AND (w.from_at IS NULL OR s.seen_until >= w.from_at)
        AND (w.until_at IS NULL OR s.seen_until < w.until_at) AS ends_in_window,
        (w.from_at IS NULL OR s.began_at >= w.from_at)
        AND (w.until_at IS NULL OR s.began_at < w.until_at) AS begins_in_window,
        (w.until_at IS NULL OR s.began_at < w.until_at) AS begins_before_end
    FROM odd_spells AS s
    INNER JOIN spell_places AS w ON w.place_no = s.place_no
)

SELECT
    place_no,
    is_left_out,
    has_ended,
    ends_in_window,
    begins_in_window,
    begins_before_end AND (begins_in_window OR period_until > from_at) AS is_in_period,
    CASE
        WHEN begins_in_window THEN CAST(-1 AS BIGINT) ELSE unix_micros(from_at) - unix_micros(began_at)
    END AS entry_micros,
    unix_micros(period_until) - unix_micros(began_at) AS period_micros,
    unix_micros(seen_until) - unix_micros(began_at) AS seen_micros
FROM windowed
WHERE ends_in_window OR begins_in_window OR (begins_before_end AND period_until > from_at)
