-- grain: one row a domestic action opened in the days asked for or still open, the longest open first
SELECT
    d.action_id,
    d.agency,
    d.action_type,
    d.linked_id,
    d.hazard_type,
    d.hazard_name,
    d.origin_country,
    d.opened_at,
    d.closed_at,
    d.is_open,
    d.open_days,
    d.took_days,
    d.outcome
FROM actions_behind AS d
CROSS JOIN asked AS a
WHERE
    d.is_open
    OR (
        (a.date_from IS NULL OR d.day >= a.date_from)
        AND (a.date_to IS NULL OR d.day <= a.date_to)
    )
ORDER BY CASE WHEN d.is_open THEN 0 ELSE 1 END, d.opened_at, d.action_id
