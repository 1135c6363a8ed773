-- grain: one row a (visit, batch that it carries); a visit that no batch claims is a batch of its own, consignment_id null
-- batch_id is the consignment_id, or for an unclaimed visit a name that no consignment can have (it holds control characters).
SELECT
    coalesce(
        l.consignment_id, concat(chr(31), v.equipment_reference, chr(31), CAST(v.visit_no AS STRING))
    ) AS batch_id,
    l.consignment_id,
    v.un_location_code,
    v.equipment_reference,
    v.visit_no,
    v.started_at,
    v.ended_at,
    v.facility_code,
    v.block,
    v.exit_type,
    v.exit_named_at,
    v.exit_event_id
FROM visits AS v
LEFT JOIN links AS l
    ON
        l.un_location_code = v.un_location_code
        AND l.equipment_reference = v.equipment_reference
        AND l.visit_no = v.visit_no
