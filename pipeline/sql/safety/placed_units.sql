-- grain: one row a (visit, place) that the window meets, of a unit whose hazards are told, where it stood for any time at all
SELECT
    p.visit_id,
    p.place_no,
    p.un_location_code,
    p.facility_code,
    p.block,
    p.bay,
    TRY_CAST(p.bay AS BIGINT) AS bay_number,
    p.equipment_reference,
    u.consignment_id,
    u.lead_class,
    u.is_wanted,
    h.hazard_set,
    p.placed_at,
    p.placed_until,
    CAST(floor(unix_micros(p.placed_at) / CAST(604800000000 AS DOUBLE)) AS BIGINT) AS placed_week,
    CAST(
        floor(unix_micros(coalesce(p.placed_until, q.as_of)) / CAST(604800000000 AS DOUBLE)) AS BIGINT
    ) AS last_week
FROM unit_placements AS p
INNER JOIN met_units AS u ON u.visit_id = p.visit_id
INNER JOIN unit_hazard_sets AS h ON h.visit_id = p.visit_id
INNER JOIN span_windows AS w ON w.un_location_code = p.un_location_code
CROSS JOIN params AS q
CROSS JOIN asked_place AS a
WHERE
    (p.placed_until IS NULL OR p.placed_until > p.placed_at)
    AND (w.until_at IS NULL OR p.placed_at < w.until_at)
    AND (w.from_at IS NULL OR p.placed_until IS NULL OR p.placed_until > w.from_at)
    AND (a.facility_code IS NULL OR p.facility_code = a.facility_code)
    AND (a.block IS NULL OR p.block = a.block)
