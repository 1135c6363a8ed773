-- grain: one row: the latest instant of an actual move or a milestone live at known_at; null where there is none
-- Asked while as_of is open (the end of time), so that moves and milestones are all there are; what is summed for it stays.
SELECT max(latest_at) AS as_of
FROM (
    SELECT max(last_at) AS latest_at FROM unit_summaries
    UNION ALL
    SELECT max(last_at) AS latest_at FROM milestone_instants
) AS latest
