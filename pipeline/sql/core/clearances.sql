-- grain: one row a live batch whose arrival is known: its milestones, its stay at its port, and whether they run backwards
-- Lodged before arrived is an advance declaration and in order; in the stages its lodged instant is then the arrival.
-- closed_at is the last instant of a batch of which no more is to come: it has left, or has no stay and was lodged and
-- released. One that was released and never lodged waits for its lodgement in every window to come.
WITH started AS (
    SELECT
        c.consignment_id,
        c.un_location_code,
        c.direction,
        coalesce(s.lead_class, l.lead_class, 'unidentified') AS lead_class,
        coalesce(t.arrived_at, s.arrived_at) AS arrived_at,
        t.lodged_at,
        t.inspected_at,
        t.released_at,
        coalesce(t.is_selected, FALSE) AS is_selected,
        s.arrived_at IS NOT NULL AS has_stay,
        s.left_at
    FROM consignments AS c
    LEFT JOIN milestone_instants AS t ON t.consignment_id = c.consignment_id
    LEFT JOIN batch_stays AS s
        ON s.consignment_id = c.consignment_id AND s.un_location_code = c.un_location_code
    LEFT JOIN lead_classes AS l ON l.consignment_id = c.consignment_id
)

SELECT
    s.*,
    CASE WHEN s.lodged_at IS NOT NULL THEN greatest(s.lodged_at, s.arrived_at) END AS lodged_in_port_at,
    coalesce(
        s.inspected_at < s.arrived_at
        OR s.released_at < s.arrived_at
        OR s.inspected_at < s.lodged_at
        OR s.released_at < s.lodged_at
        OR s.released_at < s.inspected_at,
        FALSE
    ) AS is_impossible_order,
    CASE
        WHEN s.left_at IS NOT NULL OR (NOT s.has_stay AND s.lodged_at IS NOT NULL AND s.released_at IS NOT NULL)
            THEN greatest(s.arrived_at, s.lodged_at, s.inspected_at, s.released_at, s.left_at)
    END AS closed_at
FROM started AS s
WHERE s.arrived_at IS NOT NULL
