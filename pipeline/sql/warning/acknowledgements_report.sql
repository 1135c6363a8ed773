-- grain: one row an acknowledgement, the latest first
SELECT a.acknowledged_at, a.alert_id, a.acknowledged_by, a.remark
FROM acknowledgements AS a
CROSS JOIN params AS p
WHERE a.acknowledged_at <= p.known_at
ORDER BY a.acknowledged_at DESC, a.entry_id
