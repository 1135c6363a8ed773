-- grain: one row a (visit, place, hazard set that it conflicts with and that stood in its block while it did)
-- Only these are ever compared unit by unit.
SELECT
    u.*,
    c.set_b,
    c.hazard_a,
    c.hazard_b,
    c.code,
    c.severity,
    c.amendment
FROM placed_units AS u
INNER JOIN block_conflicts AS c
    ON
        c.un_location_code = u.un_location_code
        AND c.facility_code = u.facility_code
        AND c.block = u.block
        AND c.set_a = u.hazard_set
WHERE
    EXISTS (
        SELECT 1 FROM block_presence AS b
        WHERE
            b.un_location_code = u.un_location_code
            AND b.facility_code = u.facility_code
            AND b.block = u.block
            AND b.hazard_set = c.set_b
            AND (b.until_at IS NULL OR b.until_at > u.placed_at)
            AND (u.placed_until IS NULL OR u.placed_until > b.from_at)
    )
