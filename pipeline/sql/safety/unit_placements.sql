-- grain: one row a (visit that the window meets, place) while the unit stood there; a place is facility, block and bay
-- Row and tier are those last told there. placed_until is null while the unit stands there.
WITH told AS (
    SELECT
        u.visit_id,
        u.un_location_code,
        u.equipment_reference,
        u.left_at,
        coalesce(m.facility_code, u.facility_code, '') AS facility_code,
        m.block,
        m.bay,
        m.row,
        m.tier,
        m.event_at,
        row_number() OVER (
            PARTITION BY u.visit_id
            ORDER BY m.event_at, CASE m.flow WHEN 'in' THEN 0 WHEN 'inside' THEN 1 ELSE 2 END, m.event_id
        ) AS told_no
    FROM met_units AS u
    INNER JOIN moves AS m
        ON
            m.un_location_code = u.un_location_code
            AND m.equipment_reference = u.equipment_reference
            AND m.event_at >= u.arrived_at
            AND (u.left_at IS NULL OR m.event_at <= u.left_at)
    WHERE m.block IS NOT NULL
),

changed AS (
    SELECT
        t.*,
        CASE
            WHEN
                lag(t.block) OVER upto = t.block
                AND lag(t.facility_code) OVER upto = t.facility_code
                AND coalesce(lag(t.bay) OVER upto, '') = coalesce(t.bay, '')
                THEN 0
            ELSE 1
        END AS is_change
    FROM told AS t
    WINDOW upto AS (PARTITION BY t.visit_id ORDER BY t.told_no)
),

numbered AS (
    SELECT
        c.*,
        sum(c.is_change) OVER (
            PARTITION BY c.visit_id ORDER BY c.told_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS place_no
    FROM changed AS c
),

places AS (
    SELECT
        n.visit_id,
        n.un_location_code,
        n.equipment_reference,
        n.facility_code,
        n.block,
        n.bay,
        n.place_no,
        min(n.left_at) AS left_at,
        min(n.event_at) AS placed_at,
        max_by(n.row, n.told_no) AS row,
        max_by(n.tier, n.told_no) AS tier
    FROM numbered AS n
    GROUP BY
        n.visit_id, n.un_location_code, n.equipment_reference, n.facility_code, n.block, n.bay, n.place_no
)

SELECT
    p.visit_id,
    p.un_location_code,
    p.equipment_reference,
    p.facility_code,
    p.block,
    p.bay,
    p.row,
    p.tier,
    p.place_no,
    p.placed_at,
    coalesce(
        lead(p.placed_at) OVER (PARTITION BY p.visit_id ORDER BY p.place_no), p.left_at
    ) AS placed_until
FROM places AS p
