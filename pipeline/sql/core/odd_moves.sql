-- grain: one row an actual move of an odd unit
SELECT
    m.un_location_code,
    m.equipment_reference,
    m.event_id,
    m.flow,
    m.event_at,
    m.consignment_id,
    m.facility_code,
    m.block,
    m.exit_type
FROM moves AS m
INNER JOIN unit_summaries AS u
    ON
        u.un_location_code = m.un_location_code
        AND u.equipment_reference = m.equipment_reference
        AND u.is_odd
