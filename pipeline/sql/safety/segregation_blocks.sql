-- grain: one row a (block, pair of hazard sets, once) that stood there at one time and conflict
WITH present AS (
    SELECT un_location_code, facility_code, block, hazard_set, count(*) AS units
    FROM placed_units
    WHERE placed_until IS NULL
    GROUP BY un_location_code, facility_code, block, hazard_set
)

SELECT
    c.un_location_code,
    c.facility_code,
    c.block,
    c.code,
    c.hazard_a,
    c.hazard_b,
    c.set_a AS hazards_a,
    c.set_b AS hazards_b,
    coalesce(a.units, 0) AS units_a_now,
    coalesce(b.units, 0) AS units_b_now,
    CAST(
        CASE
            WHEN c.set_a = c.set_b THEN coalesce(a.units, 0) * (coalesce(a.units, 0) - 1) / 2
            ELSE coalesce(a.units, 0) * coalesce(b.units, 0)
        END AS BIGINT
    ) AS pairs_now,
    c.first_since AS first_since_at,
    CASE WHEN c.stand_now = 0 THEN c.last_until END AS last_until_at,
    c.amendment
FROM block_conflicts AS c
LEFT JOIN present AS a
    ON
        a.un_location_code = c.un_location_code AND a.facility_code = c.facility_code
        AND a.block = c.block AND a.hazard_set = c.set_a
LEFT JOIN present AS b
    ON
        b.un_location_code = c.un_location_code AND b.facility_code = c.facility_code
        AND b.block = c.block AND b.hazard_set = c.set_b
WHERE c.set_a <= c.set_b
ORDER BY c.stand_now DESC, c.severity DESC, c.un_location_code, c.facility_code NULLS LAST, c.block NULLS LAST, c.set_a, c.set_b
