-- grain: one row a stay: one batch at one port; a visit that no batch claims is a batch of its own, consignment_id null
-- A batch has the name of its consignment, an unclaimed visit one that begins with a control character.
-- A unit counts once, however often it came: few come again, so that only those are told apart.
WITH come_again AS (
    SELECT DISTINCT un_location_code, equipment_reference
    FROM visits
    WHERE visit_no > 1
),

repeated AS (
    SELECT
        c.batch_id,
        c.un_location_code,
        count(*) - count(DISTINCT c.equipment_reference) AS visits_again
    FROM claims AS c
    INNER JOIN come_again AS a
        ON a.un_location_code = c.un_location_code AND a.equipment_reference = c.equipment_reference
    GROUP BY c.batch_id, c.un_location_code
),

summed AS (
    -- The empty text stands in where the earliest visit tells nothing: min_by differs between engines over null.
    SELECT
        c.batch_id,
        c.un_location_code,
        nullif(min_by(coalesce(c.facility_code, ''), (c.started_at, c.equipment_reference)), '')
            AS facility_code,
        min_by(c.equipment_reference, (c.started_at, c.equipment_reference)) AS first_unit,
        nullif(min_by(coalesce(c.block, ''), (c.started_at, c.equipment_reference)), '') AS block,
        count(*) AS visits,
        min(c.started_at) AS arrived_at,
        CASE WHEN count(*) = count(c.ended_at) THEN max(c.ended_at) END AS left_at,
        CASE
            WHEN count(*) = count(c.ended_at)
                THEN max_by(c.exit_type, (c.exit_named_at, c.exit_event_id)) FILTER (WHERE c.exit_type IS NOT NULL)
        END AS exit_type
    FROM claims AS c
    GROUP BY c.batch_id, c.un_location_code
)

SELECT
    s.batch_id,
    s.un_location_code,
    CASE WHEN substr(s.batch_id, 1, 1) <> chr(31) THEN s.batch_id END AS consignment_id,
    s.facility_code,
    s.first_unit,
    s.block,
    s.visits - coalesce(r.visits_again, 0) AS units,
    s.arrived_at,
    s.left_at,
    s.exit_type
FROM summed AS s
LEFT JOIN repeated AS r ON r.batch_id = s.batch_id AND r.un_location_code = s.un_location_code
