-- grain: one row a batch that has begun the stage asked for; ended_at is null while the stage is open
-- view
-- A stage that was not ended is followed to the earlier of as_of and the batch's exit. A batch that is selected and
-- not released waits for its inspection; one that was released without any passed from lodgement to release.
SELECT
    c.*,
    a.stage,
    CASE
        WHEN a.stage IN ('overall', 'arrived_lodged') THEN c.arrived_at
        WHEN a.stage = 'customs' THEN c.lodged_at
        WHEN a.stage IN ('lodged_inspected', 'lodged_released') THEN c.lodged_in_port_at
        WHEN a.stage = 'inspected_released' THEN c.inspected_at
        WHEN a.stage = 'released_left' THEN c.released_at
    END AS began_at,
    CASE
        WHEN a.stage IN ('overall', 'customs', 'inspected_released', 'lodged_released') THEN c.released_at
        WHEN a.stage = 'arrived_lodged' THEN c.lodged_in_port_at
        WHEN a.stage = 'lodged_inspected' THEN c.inspected_at
        WHEN a.stage = 'released_left' THEN c.left_at
    END AS ended_at
FROM wanted_clearances AS c
CROSS JOIN asked_duration AS a
WHERE
    CASE
        WHEN a.stage IN ('overall', 'arrived_lodged') THEN TRUE
        WHEN a.stage = 'customs' THEN c.lodged_at IS NOT NULL
        WHEN a.stage = 'lodged_inspected'
            THEN c.lodged_at IS NOT NULL AND (c.inspected_at IS NOT NULL OR (c.is_selected AND c.released_at IS NULL))
        WHEN a.stage = 'inspected_released' THEN c.inspected_at IS NOT NULL
        WHEN a.stage = 'lodged_released'
            THEN
                c.lodged_at IS NOT NULL
                AND c.inspected_at IS NULL AND NOT (c.is_selected AND c.released_at IS NULL)
        WHEN a.stage = 'released_left' THEN c.released_at IS NOT NULL AND c.has_stay
    END
