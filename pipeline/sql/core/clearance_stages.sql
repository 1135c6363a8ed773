-- grain: one row a (batch, stage) that the batch has begun; ended_at is null while the stage is open
-- view
-- A stage that was not ended is followed to the earlier of as_of and the batch's exit.
SELECT c.*, 'overall' AS stage, c.arrived_at AS began_at, c.released_at AS ended_at
FROM clearances AS c
UNION ALL
SELECT c.*, 'customs' AS stage, c.lodged_at AS began_at, c.released_at AS ended_at
FROM clearances AS c
WHERE c.lodged_at IS NOT NULL
UNION ALL
SELECT c.*, 'arrived_lodged' AS stage, c.arrived_at AS began_at, c.lodged_in_port_at AS ended_at
FROM clearances AS c
UNION ALL
SELECT c.*, 'lodged_inspected' AS stage, c.lodged_in_port_at AS began_at, c.inspected_at AS ended_at
FROM clearances AS c
WHERE
    c.lodged_at IS NOT NULL
    AND (c.inspected_at IS NOT NULL OR (c.is_selected AND c.released_at IS NULL))
UNION ALL
SELECT c.*, 'inspected_released' AS stage, c.inspected_at AS began_at, c.released_at AS ended_at
FROM clearances AS c
WHERE c.inspected_at IS NOT NULL
UNION ALL
SELECT c.*, 'lodged_released' AS stage, c.lodged_in_port_at AS began_at, c.released_at AS ended_at
FROM clearances AS c
WHERE
    c.lodged_at IS NOT NULL
    AND c.inspected_at IS NULL AND NOT (c.is_selected AND c.released_at IS NULL)
UNION ALL
SELECT c.*, 'released_left' AS stage, c.released_at AS began_at, c.left_at AS ended_at
FROM clearances AS c
WHERE c.released_at IS NOT NULL AND c.has_stay
