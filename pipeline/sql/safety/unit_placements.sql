-- grain: one row a (visit that the window meets, place) while the unit stood there; a place is facility, block and bay
-- view
-- placed_until is null while the unit stands there. place_no numbers the moves of a visit that told a block.
WITH told AS (
    SELECT
        u.visit_id,
        u.un_location_code,
        u.equipment_reference,
        u.left_at,
        coalesce(m.facility_code, u.facility_code, '') AS facility_code,
        m.block,
        m.bay,
        m.event_at,
        concat(coalesce(m.facility_code, u.facility_code, ''), chr(31), m.block, chr(31), coalesce(m.bay, ''))
            AS place,
        row_number() OVER (
            PARTITION BY u.visit_id
            ORDER BY m.event_at, CASE m.flow WHEN 'in' THEN 0 WHEN 'inside' THEN 1 ELSE 2 END, m.event_id
        ) AS place_no
    FROM met_units AS u
    INNER JOIN moves AS m
        ON
            m.un_location_code = u.un_location_code
            AND m.equipment_reference = u.equipment_reference
            AND m.event_at >= u.arrived_at
            AND (u.left_at IS NULL OR m.event_at <= u.left_at)
    WHERE m.block IS NOT NULL
),

followed AS (
    SELECT
        t.*,
        lag(t.place) OVER (PARTITION BY t.visit_id ORDER BY t.place_no) AS place_before
    FROM told AS t
)

SELECT
    f.visit_id,
    f.un_location_code,
    f.equipment_reference,
    f.facility_code,
    f.block,
    f.bay,
    f.place_no,
    f.event_at AS placed_at,
    coalesce(lead(f.event_at) OVER (PARTITION BY f.visit_id ORDER BY f.place_no), f.left_at) AS placed_until
FROM followed AS f
WHERE f.place_before IS NULL OR f.place_before <> f.place
