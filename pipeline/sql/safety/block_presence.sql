-- grain: one row a (block, hazard set, stretch of time) in which any unit with those hazards stood there; null until: still
-- paired_from and paired_until_micros: while any two of them did (until the largest BIGINT: still).
WITH ordered AS (
    SELECT
        u.un_location_code,
        u.facility_code,
        u.block,
        u.hazard_set,
        u.placed_at,
        coalesce(unix_micros(u.placed_until), CAST(9223372036854775807 AS BIGINT)) AS until_micros,
        max(coalesce(unix_micros(u.placed_until), CAST(9223372036854775807 AS BIGINT))) OVER (
            PARTITION BY u.un_location_code, u.facility_code, u.block, u.hazard_set
            ORDER BY u.placed_at, u.visit_id, u.place_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached_micros
    FROM placed_units AS u
),

stretched AS (
    SELECT
        o.*,
        sum(CASE WHEN o.reached_micros >= unix_micros(o.placed_at) THEN 0 ELSE 1 END) OVER (
            PARTITION BY o.un_location_code, o.facility_code, o.block, o.hazard_set
            ORDER BY o.placed_at, o.until_micros
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stretch_no
    FROM ordered AS o
)

SELECT
    s.un_location_code,
    s.facility_code,
    s.block,
    s.hazard_set,
    min(s.placed_at) AS from_at,
    CASE
        WHEN max(s.until_micros) < CAST(9223372036854775807 AS BIGINT) THEN timestamp_micros(max(s.until_micros))
    END AS until_at,
    count(*) AS placements,
    min(CASE WHEN s.reached_micros > unix_micros(s.placed_at) THEN s.placed_at END) AS paired_from,
    max(
        CASE WHEN s.reached_micros > unix_micros(s.placed_at) THEN least(s.until_micros, s.reached_micros) END
    ) AS paired_until_micros
FROM stretched AS s
GROUP BY s.un_location_code, s.facility_code, s.block, s.hazard_set, s.stretch_no
