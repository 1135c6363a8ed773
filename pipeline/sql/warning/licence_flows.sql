-- grain: one row a (port, facility, licence, local day) on which quantity came or went: the change, in whole grams
-- Grams, so that what came and what went cancel exactly.
WITH standing AS (
    SELECT
        s.un_location_code,
        coalesce(s.facility_code, '') AS facility_code,
        l.licence_id,
        s.arrived_at,
        CASE WHEN s.left_at <= p.as_of THEN s.left_at END AS left_at,
        s.time_zone,
        CAST(round(coalesce(i.net_weight_kg, 0) * 1000) AS BIGINT) AS grams,
        CAST(round(coalesce(i.net_explosive_content_kg, 0) * 1000) AS BIGINT) AS explosive_grams
    FROM stays AS s
    CROSS JOIN params AS p
    INNER JOIN dg_items AS i ON i.consignment_id = s.consignment_id
    INNER JOIN licence_of_class AS l
        ON
            l.un_location_code = s.un_location_code
            AND l.facility_code = coalesce(s.facility_code, '')
            AND l.imo_class = i.imo_class
    WHERE s.arrived_at <= p.as_of
),

events AS (
    SELECT un_location_code, facility_code, licence_id, time_zone, arrived_at AS at, grams, explosive_grams
    FROM standing
    UNION ALL
    SELECT
        un_location_code, facility_code, licence_id, time_zone, left_at AS at,
        -grams AS grams, -explosive_grams AS explosive_grams
    FROM standing
    WHERE left_at IS NOT NULL
)

SELECT
    e.un_location_code,
    e.facility_code,
    e.licence_id,
    CAST(timestamp_micros(unix_micros(e.at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE) AS day,
    sum(e.grams) AS grams,
    sum(e.explosive_grams) AS explosive_grams
FROM events AS e
INNER JOIN zone_offsets AS o ON o.time_zone = e.time_zone AND e.at >= o.utc_from AND e.at < o.utc_until
GROUP BY
    e.un_location_code,
    e.facility_code,
    e.licence_id,
    CAST(timestamp_micros(unix_micros(e.at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE)
