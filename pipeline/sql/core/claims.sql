-- grain: one row a (visit, batch that it carries); a visit that no batch claims is a batch of its own, consignment_id null
-- batch_id is the consignment_id, or for an unclaimed visit a name that no consignment can have (it holds control characters).
WITH claimed AS (
    SELECT v.*
    FROM visits AS v
    WHERE v.consignment_id IS NOT NULL
    UNION ALL
    SELECT v.*
    FROM visits AS v
    WHERE
        v.consignment_id IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM other_links AS l
            WHERE
                l.un_location_code = v.un_location_code
                AND l.equipment_reference = v.equipment_reference
                AND l.visit_no = v.visit_no
        )
    UNION ALL
    SELECT
        v.un_location_code,
        v.equipment_reference,
        v.visit_no,
        v.started_at,
        v.ended_at,
        v.facility_code,
        v.exit_type,
        v.exit_named_at,
        v.exit_event_id,
        v.block,
        l.consignment_id
    FROM other_links AS l
    INNER JOIN visits AS v
        ON
            v.un_location_code = l.un_location_code
            AND v.equipment_reference = l.equipment_reference
            AND v.visit_no = l.visit_no
)

SELECT
    coalesce(
        c.consignment_id, concat(chr(31), c.equipment_reference, chr(31), CAST(c.visit_no AS STRING))
    ) AS batch_id,
    c.consignment_id,
    c.un_location_code,
    c.equipment_reference,
    c.visit_no,
    c.started_at,
    c.ended_at,
    c.facility_code,
    c.block,
    c.exit_type,
    c.exit_named_at,
    c.exit_event_id
FROM claimed AS c
