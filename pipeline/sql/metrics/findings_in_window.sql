-- grain: one row an inspection of a batch that the filters let through, within the window asked for
SELECT
    f.*,
    c.un_location_code
FROM findings AS f
INNER JOIN consignments_asked AS c ON c.consignment_id = f.consignment_id
INNER JOIN asked_windows AS w ON w.un_location_code = c.un_location_code
WHERE
    (w.from_at IS NULL OR f.inspected_at >= w.from_at)
    AND (w.until_at IS NULL OR f.inspected_at < w.until_at)
