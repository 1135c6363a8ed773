-- grain: one row a (block, pair of hazard sets in both orders) that stood there at one time and conflict, over all such times
WITH met AS (
    SELECT
        a.un_location_code,
        a.facility_code,
        a.block,
        a.hazard_set AS set_a,
        b.hazard_set AS set_b,
        c.hazard_a,
        c.hazard_b,
        c.code,
        c.severity,
        c.amendment,
        greatest(a.from_at, b.from_at) AS since_at,
        least(a.until_at, b.until_at) AS until_at
    FROM block_presence AS a
    INNER JOIN set_conflicts AS c ON c.set_a = a.hazard_set AND c.set_b <> c.set_a
    INNER JOIN block_presence AS b
        ON
            b.un_location_code = a.un_location_code
            AND b.facility_code = a.facility_code
            AND b.block = a.block
            AND b.hazard_set = c.set_b
            AND (a.until_at IS NULL OR b.from_at < a.until_at)
            AND (b.until_at IS NULL OR a.from_at < b.until_at)
    UNION ALL
    SELECT
        a.un_location_code,
        a.facility_code,
        a.block,
        c.set_a,
        c.set_b,
        c.hazard_a,
        c.hazard_b,
        c.code,
        c.severity,
        c.amendment,
        a.paired_from AS since_at,
        CASE
            WHEN a.paired_until_micros < CAST(9223372036854775807 AS BIGINT)
                THEN timestamp_micros(a.paired_until_micros)
        END AS until_at
    FROM block_presence AS a
    INNER JOIN set_conflicts AS c ON c.set_a = a.hazard_set AND c.set_b = c.set_a
    WHERE a.paired_from IS NOT NULL
)

SELECT
    m.un_location_code,
    m.facility_code,
    m.block,
    m.set_a,
    m.set_b,
    max(m.hazard_a) AS hazard_a,
    max(m.hazard_b) AS hazard_b,
    max(m.code) AS code,
    max(m.severity) AS severity,
    max(m.amendment) AS amendment,
    min(m.since_at) AS first_since,
    max(CASE WHEN m.until_at IS NULL THEN 1 ELSE 0 END) AS stand_now,
    max(m.until_at) AS last_until
FROM met AS m
GROUP BY m.un_location_code, m.facility_code, m.block, m.set_a, m.set_b
