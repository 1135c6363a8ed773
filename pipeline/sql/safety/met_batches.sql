-- grain: one row a batch at a port that the window of its port meets
-- view
SELECT s.*
FROM batch_stays AS s
INNER JOIN span_windows AS w ON w.un_location_code = s.un_location_code
CROSS JOIN params AS p
WHERE
    s.arrived_at <= p.as_of
    AND (w.until_at IS NULL OR s.arrived_at < w.until_at)
    AND (w.from_at IS NULL OR s.left_at IS NULL OR s.left_at > w.from_at)
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR s.un_location_code IN (SELECT q.un_location_code FROM wanted_ports AS q)
    )
