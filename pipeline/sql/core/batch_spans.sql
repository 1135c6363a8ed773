-- grain: one row a stay: one batch at one port; a visit that no batch claims is a batch of its own, consignment_id null
-- view
-- A batch has the name of its consignment, an unclaimed visit one that begins with a control character.
-- Nearly every batch has one visit: those are taken as they are, and only the others summed.
WITH of_several AS (
    SELECT batch_id
    FROM claims
    GROUP BY batch_id
    HAVING count(*) > 1
),

summed AS (
    -- A unit counts once, however often it came. The empty text stands in where the earliest visit tells nothing:
    -- min_by differs between engines over null.
    SELECT
        c.batch_id,
        c.un_location_code,
        nullif(min_by(coalesce(c.facility_code, ''), (c.started_at, c.equipment_reference)), '')
            AS facility_code,
        min_by(c.equipment_reference, (c.started_at, c.equipment_reference)) AS first_unit,
        nullif(min_by(coalesce(c.block, ''), (c.started_at, c.equipment_reference)), '') AS block,
        count(DISTINCT c.equipment_reference) AS units,
        min(c.started_at) AS arrived_at,
        CASE WHEN count(*) = count(c.ended_at) THEN max(c.ended_at) END AS left_at,
        CASE
            WHEN count(*) = count(c.ended_at)
                THEN max_by(c.exit_type, (c.exit_named_at, c.exit_event_id)) FILTER (WHERE c.exit_type IS NOT NULL)
        END AS exit_type
    FROM claims AS c
    INNER JOIN of_several AS s ON s.batch_id = c.batch_id
    GROUP BY c.batch_id, c.un_location_code
),

spans AS (
    SELECT
        c.batch_id,
        c.un_location_code,
        nullif(c.facility_code, '') AS facility_code,
        c.equipment_reference AS first_unit,
        nullif(c.block, '') AS block,
        CAST(1 AS BIGINT) AS units,
        c.started_at AS arrived_at,
        c.ended_at AS left_at,
        CASE WHEN c.ended_at IS NOT NULL THEN c.exit_type END AS exit_type
    FROM claims AS c
    LEFT JOIN of_several AS s ON s.batch_id = c.batch_id
    WHERE s.batch_id IS NULL
    UNION ALL
    SELECT
        batch_id,
        un_location_code,
        facility_code,
        first_unit,
        block,
        units,
        arrived_at,
        left_at,
        exit_type
    FROM summed
)

SELECT
    s.batch_id,
    s.un_location_code,
    CASE WHEN substr(s.batch_id, 1, 1) <> chr(31) THEN s.batch_id END AS consignment_id,
    s.facility_code,
    s.first_unit,
    s.block,
    s.units,
    s.arrived_at,
    s.left_at,
    s.exit_type
FROM spans AS s
