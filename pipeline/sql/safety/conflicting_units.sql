-- grain: one row a (visit, place, hazard set that it conflicts with there), of the blocks where such sets met
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
