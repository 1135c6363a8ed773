-- grain: one row an announcement, warning, alert or ban issued in the days asked for or still active, the latest first
SELECT
    n.alert_id,
    n.line AS defence_line,
    n.alert_type,
    n.hazard_type,
    n.hazard_name,
    n.origin_country,
    n.commodity,
    n.issued_at,
    n.effective_to,
    n.state,
    n.ends_in_days,
    n.supersedes,
    n.superseded_by,
    n.superseded_at
FROM border_notices AS n
CROSS JOIN asked AS a
WHERE
    n.is_active
    OR (
        (a.date_from IS NULL OR n.day >= a.date_from)
        AND (a.date_to IS NULL OR n.day <= a.date_to)
    )
ORDER BY n.issued_at DESC, n.alert_id
