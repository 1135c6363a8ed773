-- grain: one row a (visit, place, hazard set that it conflicts with and that stood in its block while it did)
-- Only these are ever compared unit by unit.
WITH met AS (
    SELECT DISTINCT
        u.visit_id,
        u.place_no,
        c.set_b
    FROM placed_units AS u
    INNER JOIN block_conflicts AS c
        ON
            c.un_location_code = u.un_location_code
            AND c.facility_code = u.facility_code
            AND c.block = u.block
            AND c.set_a = u.hazard_set
    INNER JOIN block_presence AS b
        ON
            b.un_location_code = c.un_location_code
            AND b.facility_code = c.facility_code
            AND b.block = c.block
            AND b.hazard_set = c.set_b
    WHERE
        (b.until_at IS NULL OR b.until_at > u.placed_at)
        AND (u.placed_until IS NULL OR u.placed_until > b.from_at)
)

SELECT
    u.*,
    m.set_b,
    c.hazard_a,
    c.hazard_b,
    c.code,
    c.severity,
    c.amendment
FROM met AS m
INNER JOIN placed_units AS u ON u.visit_id = m.visit_id AND u.place_no = m.place_no
INNER JOIN block_conflicts AS c
    ON
        c.un_location_code = u.un_location_code
        AND c.facility_code = u.facility_code
        AND c.block = u.block
        AND c.set_a = u.hazard_set
        AND c.set_b = m.set_b
