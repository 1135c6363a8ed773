-- grain: one row a (visit, place, week) in which a unit of a conflicting set stood there; week -1 holds what stands now
-- A pair is sought in the week in which the later of the two came, or in week -1 where both stand now.
WITH standing AS (
    SELECT DISTINCT visit_id, place_no FROM conflicting_units
),

weeks AS (
    SELECT CAST(datediff(c.day, DATE '1970-01-01') / CAST(7 AS DOUBLE) AS BIGINT) AS week
    FROM calendar AS c
    WHERE datediff(c.day, DATE '1970-01-01') % 7 = 0
)

SELECT u.*, w.week
FROM placed_units AS u
INNER JOIN standing AS s ON s.visit_id = u.visit_id AND s.place_no = u.place_no
INNER JOIN weeks AS w ON w.week >= u.placed_week AND w.week <= u.last_week
UNION ALL
SELECT u.*, CAST(-1 AS BIGINT) AS week
FROM placed_units AS u
INNER JOIN standing AS s ON s.visit_id = u.visit_id AND s.place_no = u.place_no
WHERE u.placed_until IS NULL
