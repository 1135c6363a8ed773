-- grain: one row a pair of units while both stood in one block with hazards to be kept apart; a came later than b
-- view
-- is_adjacent is null where a bay is no number or was not told.
SELECT
    a.un_location_code,
    a.facility_code,
    a.block,
    a.code,
    a.severity,
    a.hazard_a,
    a.hazard_b,
    a.hazard_set AS hazards_a,
    b.hazard_set AS hazards_b,
    a.equipment_reference AS equipment_reference_a,
    b.equipment_reference AS equipment_reference_b,
    a.consignment_id AS consignment_id_a,
    b.consignment_id AS consignment_id_b,
    a.lead_class AS lead_class_a,
    b.lead_class AS lead_class_b,
    a.bay AS bay_a,
    b.bay AS bay_b,
    a.visit_id AS visit_id_a,
    b.visit_id AS visit_id_b,
    abs(a.bay_number - b.bay_number) <= v.adjacent_bays AS is_adjacent,
    a.placed_at AS since_at,
    least(a.placed_until, b.placed_until) AS until_at,
    a.placed_until IS NULL AND b.placed_until IS NULL AS stand_now,
    a.amendment
FROM sought_units AS a
INNER JOIN standing_weeks AS b
    ON
        b.un_location_code = a.un_location_code
        AND b.facility_code = a.facility_code
        AND b.block = a.block
        AND b.hazard_set = a.set_b
        AND b.week = a.week
        AND b.visit_id <> a.visit_id
INNER JOIN span_windows AS q ON q.un_location_code = a.un_location_code
CROSS JOIN safety_set AS v
CROSS JOIN asked_pairs AS k
WHERE
    a.week IN (SELECT w.week FROM asked_weeks AS w)
    AND (a.week = -1) = (a.placed_until IS NULL AND b.placed_until IS NULL)
    AND (
        b.placed_at < a.placed_at
        OR (b.placed_at = a.placed_at AND b.equipment_reference < a.equipment_reference)
    )
    AND (b.placed_until IS NULL OR b.placed_until > a.placed_at)
    AND (a.is_wanted OR b.is_wanted)
    AND (q.until_at IS NULL OR a.placed_at < q.until_at)
    AND (
        q.from_at IS NULL
        OR (a.placed_until IS NULL AND b.placed_until IS NULL)
        OR least(a.placed_until, b.placed_until) > q.from_at
    )
    AND (NOT k.adjacent_only OR coalesce(abs(a.bay_number - b.bay_number) <= v.adjacent_bays, TRUE))
