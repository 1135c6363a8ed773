-- grain: one row a (window, batch, turn): a batch that arrived in the window, or left in it, with the instant at which it did
-- view
WITH placed AS (
    SELECT
        s.batch_id, s.consignment_id, s.equipment_reference, s.un_location_code, s.lead_class,
        s.arrived_at, s.left_at, w.window_name, w.from_at, w.until_at
    FROM counted AS s
    INNER JOIN duration_windows AS w ON w.un_location_code = s.un_location_code
)

SELECT b.*, 'arrival' AS turn, b.arrived_at AS turned_at
FROM placed AS b
CROSS JOIN params AS p
WHERE
    (b.from_at IS NULL OR b.arrived_at >= b.from_at)
    AND (b.until_at IS NULL OR b.arrived_at < b.until_at)
    AND b.arrived_at <= p.as_of
UNION ALL
SELECT b.*, 'exit' AS turn, b.left_at AS turned_at
FROM placed AS b
CROSS JOIN params AS p
WHERE
    b.left_at IS NOT NULL
    AND (b.from_at IS NULL OR b.left_at >= b.from_at)
    AND (b.until_at IS NULL OR b.left_at < b.until_at)
    AND b.left_at <= p.as_of
