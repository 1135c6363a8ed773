-- grain: one row a (stay, block) while the unit of its earliest visit stood there; block '' before any position was told
WITH first_visits AS (
    SELECT
        s.batch_id,
        s.un_location_code,
        s.facility_code,
        s.direction,
        s.lead_class,
        s.time_zone,
        s.arrived_at,
        s.left_at,
        s.overdue_at,
        s.first_unit,
        v.left_at AS visit_left_at
    FROM counted AS s
    INNER JOIN unit_stays AS v
        ON
            v.un_location_code = s.un_location_code
            AND v.equipment_reference = s.first_unit
            AND v.arrived_at = s.arrived_at
),

placed AS (
    SELECT
        f.batch_id,
        f.un_location_code,
        m.block,
        m.event_at AS placed_at,
        lead(m.event_at) OVER (
            PARTITION BY f.batch_id, f.un_location_code
            ORDER BY m.event_at, CASE m.flow WHEN 'in' THEN 0 WHEN 'inside' THEN 1 ELSE 2 END, m.event_id
        ) AS placed_until
    FROM first_visits AS f
    INNER JOIN moves AS m
        ON
            m.un_location_code = f.un_location_code
            AND m.equipment_reference = f.first_unit
            AND m.event_at >= f.arrived_at
            AND (f.visit_left_at IS NULL OR m.event_at <= f.visit_left_at)
    WHERE m.block IS NOT NULL
),

first_placed AS (
    SELECT batch_id, un_location_code, min(placed_at) AS placed_at
    FROM placed
    GROUP BY batch_id, un_location_code
)

SELECT
    f.batch_id, f.un_location_code, f.facility_code, f.direction, f.lead_class, f.time_zone, f.overdue_at,
    p.block,
    p.placed_at,
    coalesce(p.placed_until, f.left_at) AS placed_until
FROM placed AS p
INNER JOIN first_visits AS f ON f.batch_id = p.batch_id AND f.un_location_code = p.un_location_code
UNION ALL
SELECT
    f.batch_id, f.un_location_code, f.facility_code, f.direction, f.lead_class, f.time_zone, f.overdue_at,
    '' AS block,
    f.arrived_at AS placed_at,
    coalesce(p.placed_at, f.left_at) AS placed_until
FROM first_visits AS f
LEFT JOIN first_placed AS p ON p.batch_id = f.batch_id AND p.un_location_code = f.un_location_code
WHERE p.placed_at IS NULL OR p.placed_at > f.arrived_at
