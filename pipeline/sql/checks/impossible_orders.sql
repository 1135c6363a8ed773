-- grain: one row a live batch whose milestones run backwards: left out of clearance times, counted here
-- Lodged before arrived is an advance declaration and in order. Without an arrived milestone the stay's arrival counts.
WITH told AS (
    SELECT
        m.consignment_id,
        min(m.occurred_at) FILTER (WHERE m.milestone = 'arrived') AS arrived_at,
        min(m.occurred_at) FILTER (WHERE m.milestone = 'lodged') AS lodged_at,
        max(m.occurred_at) FILTER (WHERE m.milestone = 'inspected') AS inspected_at,
        max(m.occurred_at) FILTER (WHERE m.milestone = 'released') AS released_at
    FROM milestones AS m
    GROUP BY m.consignment_id
),

started AS (
    SELECT
        c.consignment_id,
        c.un_location_code,
        coalesce(t.arrived_at, s.arrived_at) AS arrived_at,
        t.lodged_at,
        t.inspected_at,
        t.released_at
    FROM consignments AS c
    INNER JOIN told AS t ON t.consignment_id = c.consignment_id
    LEFT JOIN batch_stays AS s
        ON s.consignment_id = c.consignment_id AND s.un_location_code = c.un_location_code
)

SELECT *
FROM started
WHERE
    inspected_at < arrived_at
    OR released_at < arrived_at
    OR inspected_at < lodged_at
    OR released_at < lodged_at
    OR released_at < inspected_at
