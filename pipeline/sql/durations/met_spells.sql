-- grain: one row a (spell, window) that a clock of the window may count
-- view
-- is_plain: it began and ended in the window, so that every clock counts it with one age; most spells of a long window do.
WITH told AS (
    SELECT s.*, CASE WHEN t.tells_class THEN s.lead_class ELSE '' END AS kind
    FROM spells AS s
    CROSS JOIN told_apart AS t
),

placed AS (
    SELECT
        w.place_no,
        s.is_left_out,
        s.began_at,
        s.ended_at,
        s.seen_until,
        NOT s.is_left_out
        AND s.ended_at IS NOT NULL
        AND (w.from_at IS NULL OR s.began_at >= w.from_at)
        AND s.ended_at <= w.seen_in_window_until
        AND (w.until_at IS NULL OR s.ended_at < w.until_at) AS is_plain,
        (w.from_at IS NULL OR s.seen_until >= w.from_at)
        AND (w.until_at IS NULL OR s.began_at < w.until_at) AS is_near
    FROM told AS s
    INNER JOIN spell_places AS w ON w.un_location_code = s.un_location_code AND w.kind = s.kind
)

SELECT
    place_no,
    is_plain,
    is_left_out,
    ended_at IS NOT NULL AS has_ended,
    began_at,
    seen_until
FROM placed
WHERE is_near OR is_left_out
