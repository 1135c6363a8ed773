-- grain: one row: whether any landed row of the scope, of any version, tells of the instant $instant
SELECT count(*) > 0 AS is_seen
FROM (
    SELECT event_at AS happened_at FROM landed_yard_moves
    UNION ALL
    SELECT occurred_at AS happened_at FROM milestones_of_any_version
) AS told
WHERE happened_at = $instant
