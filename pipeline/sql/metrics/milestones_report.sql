-- grain: one row a row of milestones that is live and seen, as loaded, with file and line
SELECT
    x.*,
    c.un_location_code,
    g.file,
    nullif(
        concat_ws(' ', x._warnings, CASE WHEN c.consignment_id IS NULL THEN 'unknown_consignment' END), ''
    ) AS warnings
FROM milestones AS x
LEFT JOIN consignments AS c ON c.consignment_id = x.consignment_id
LEFT JOIN consignments_asked AS d ON d.consignment_id = x.consignment_id
LEFT JOIN asked_windows AS w ON w.un_location_code = coalesce(c.un_location_code, '')
LEFT JOIN files AS g ON g.file_seq = x._file_seq
CROSS JOIN filters_set AS s
WHERE
    (NOT s.any_set OR d.consignment_id IS NOT NULL)
    AND (s.consignment_id IS NULL OR x.consignment_id = s.consignment_id)
    AND (w.from_at IS NULL OR x.occurred_at >= w.from_at)
    AND (w.until_at IS NULL OR x.occurred_at < w.until_at)
ORDER BY x.occurred_at, x.consignment_id, x.milestone
