-- grain: one row a stay that was overdue at the campaign's start or grew overdue in it, and what became of it
-- A campaign that has not begun shows the backlog at as_of as opening and remaining.
WITH states AS (
    SELECT
        s.un_location_code,
        s.time_zone,
        s.left_at,
        s.overdue_at,
        w.from_at,
        coalesce(s.exit_type, '') = 'transferred' AS is_relocated,
        CASE
            WHEN w.has_begun THEN s.overdue_at < w.from_at AND (s.left_at IS NULL OR s.left_at >= w.from_at)
            ELSE s.overdue_at <= w.as_of AND (s.left_at IS NULL OR s.left_at > w.as_of)
        END AS is_opening,
        w.has_begun
        AND s.overdue_at >= w.from_at AND s.overdue_at < w.until_at AND s.overdue_at <= w.as_of AS is_new,
        w.has_begun
        AND s.left_at IS NOT NULL AND s.left_at >= w.from_at AND s.left_at < w.until_at
        AND s.left_at <= w.as_of AS is_gone
    FROM counted AS s
    INNER JOIN campaign_windows AS w ON w.un_location_code = s.un_location_code
    WHERE s.overdue_at IS NOT NULL AND (s.left_at IS NULL OR s.overdue_at < s.left_at)
)

SELECT s.*
FROM states AS s
WHERE s.is_opening OR s.is_new
