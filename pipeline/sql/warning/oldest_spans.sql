-- grain: one row a stay that was the oldest in its port's yard for a while: since when and until when
-- A stay is so once all that arrived before it have left, if it outlives them: few rows, however many stays.
WITH ordered AS (
    SELECT
        s.un_location_code,
        s.arrived_at,
        coalesce(s.left_at, TIMESTAMP '9999-01-01 00:00:00') AS left_at,
        max(coalesce(s.left_at, TIMESTAMP '9999-01-01 00:00:00')) OVER (
            PARTITION BY s.un_location_code
            ORDER BY s.arrived_at, coalesce(s.left_at, TIMESTAMP '9999-01-01 00:00:00')
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS earlier_left_at
    FROM stays AS s
)

SELECT
    o.un_location_code,
    o.arrived_at,
    greatest(o.arrived_at, coalesce(o.earlier_left_at, o.arrived_at)) AS oldest_from,
    o.left_at AS oldest_until
FROM ordered AS o
WHERE o.earlier_left_at IS NULL OR o.left_at > o.earlier_left_at
