-- grain: one row a status: penalty cases filed in the window asked for
SELECT
    k.status,
    count(*) AS cases,
    count(k.fine_amount) AS cases_with_fine
FROM cases AS k
INNER JOIN consignments_asked AS c ON c.consignment_id = k.consignment_id
INNER JOIN asked_windows AS w ON w.un_location_code = c.un_location_code
WHERE
    (w.from_at IS NULL OR k.filed_at >= w.from_at)
    AND (w.until_at IS NULL OR k.filed_at < w.until_at)
GROUP BY k.status
ORDER BY k.status
