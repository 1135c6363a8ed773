-- grain: one row a unit that stands in the yard: where it was last told to stand, its hazards, and how many it conflicts with
-- segregation_alerts counts the other units in its block whose hazards conflict with its own; null where either is not told.
WITH counted_sets AS (
    SELECT un_location_code, facility_code, block, hazard_set, count(*) AS units
    FROM placed_units
    WHERE placed_until IS NULL
    GROUP BY un_location_code, facility_code, block, hazard_set
),

conflicts AS (
    SELECT
        u.visit_id,
        sum(s.units - CASE WHEN s.hazard_set = u.hazard_set THEN 1 ELSE 0 END) AS alerts,
        max(CASE WHEN s.hazard_set <> u.hazard_set OR s.units > 1 THEN c.severity END) AS severity
    FROM placed_units AS u
    INNER JOIN set_conflicts AS c ON c.set_a = u.hazard_set
    INNER JOIN counted_sets AS s
        ON
            s.un_location_code = u.un_location_code
            AND s.facility_code = u.facility_code
            AND s.block = u.block
            AND s.hazard_set = c.set_b
    WHERE u.placed_until IS NULL
    GROUP BY u.visit_id
)

SELECT
    m.visit_id,
    m.un_location_code,
    coalesce(p.facility_code, m.facility_code, '') AS facility_code,
    p.block,
    p.bay,
    r.row,
    r.tier,
    m.equipment_reference,
    m.consignment_id,
    m.lead_class,
    m.hazard_rank,
    m.is_wanted,
    m.arrived_at,
    m.overdue_at,
    h.hazard_set,
    CASE WHEN p.block IS NOT NULL AND h.hazard_set IS NOT NULL THEN CAST(coalesce(c.alerts, 0) AS BIGINT) END
        AS segregation_alerts,
    CASE WHEN p.block IS NOT NULL AND h.hazard_set IS NOT NULL THEN coalesce(c.severity, 0) END
        AS segregation_severity
FROM met_units AS m
LEFT JOIN unit_placements AS p ON p.visit_id = m.visit_id AND p.placed_until IS NULL
LEFT JOIN last_rows AS r ON r.visit_id = m.visit_id
LEFT JOIN unit_hazard_sets AS h ON h.visit_id = m.visit_id
LEFT JOIN conflicts AS c ON c.visit_id = m.visit_id
