-- grain: one row: the latest instant of an actual move or a milestone live at known_at; null where there is none
SELECT max(latest_at) AS as_of
FROM (
    SELECT max(event_at) AS latest_at FROM actual_moves
    UNION ALL
    SELECT max(occurred_at) AS latest_at FROM all_milestones
) AS latest
