-- grain: one row a batch with any milestone, live or not itself: when it reached each
SELECT
    m.consignment_id,
    min(m.occurred_at) AS first_at,
    max(m.occurred_at) AS last_at,
    min(m.occurred_at) FILTER (WHERE m.milestone = 'arrived') AS arrived_at,
    min(m.occurred_at) FILTER (WHERE m.milestone = 'lodged') AS lodged_at,
    max(m.occurred_at) FILTER (WHERE m.milestone = 'inspected') AS inspected_at,
    max(m.occurred_at) FILTER (WHERE m.milestone = 'released') AS released_at,
    count(*) FILTER (WHERE m.milestone = 'selected') > 0 AS is_selected
FROM milestones AS m
GROUP BY m.consignment_id
