-- grain: one row a pair of units while both stood in one block with hazards to be kept apart: those that stand now first
SELECT
    s.un_location_code,
    s.facility_code,
    s.block,
    s.code,
    s.stand_now,
    s.since_at,
    s.until_at,
    (unix_micros(coalesce(s.until_at, p.as_of)) - unix_micros(s.since_at)) / CAST(3600000000 AS DOUBLE) AS hours,
    s.is_adjacent,
    s.equipment_reference_a,
    s.hazard_a,
    s.bay_a,
    s.consignment_id_a,
    s.lead_class_a,
    s.equipment_reference_b,
    s.hazard_b,
    s.bay_b,
    s.consignment_id_b,
    s.lead_class_b,
    s.hazards_a,
    s.hazards_b,
    s.amendment
FROM segregation_pairs AS s
CROSS JOIN params AS p
ORDER BY
    CASE WHEN s.stand_now THEN 0 ELSE 1 END,
    CASE WHEN s.stand_now THEN -s.severity END,
    s.since_at DESC,
    s.severity DESC,
    s.un_location_code, s.facility_code, s.block, s.equipment_reference_a, s.equipment_reference_b
LIMIT $listed
