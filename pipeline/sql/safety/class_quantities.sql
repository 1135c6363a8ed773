-- grain: one row a facility and class of items with any batch in the yard at as_of: what stands there, and how much is not told
WITH standing AS (
    SELECT
        s.batch_id,
        s.un_location_code,
        coalesce(s.facility_code, '') AS facility_code,
        coalesce(i.imo_class, 'unidentified') AS imo_class,
        i.net_weight_kg,
        i.net_explosive_content_kg
    FROM met_batches AS s
    LEFT JOIN dg_items AS i ON i.consignment_id = s.consignment_id
    WHERE
        (
            NOT EXISTS (SELECT 1 FROM wanted_classes)
            OR s.lead_class IN (SELECT w.code FROM wanted_classes AS w)
        )
        AND (
            NOT EXISTS (SELECT 1 FROM wanted_directions)
            OR s.direction IN (SELECT w.direction FROM wanted_directions AS w)
        )
)

SELECT
    un_location_code,
    facility_code,
    imo_class,
    count(DISTINCT batch_id) AS batches,
    sum(CAST(net_weight_kg AS DECIMAL(38, 6))) AS net_kilograms,
    count(DISTINCT CASE WHEN net_weight_kg IS NULL THEN batch_id END) AS unknown_batches,
    sum(CAST(net_explosive_content_kg AS DECIMAL(38, 6))) AS net_explosive_kilograms,
    count(
        DISTINCT CASE
            WHEN substr(imo_class, 1, 1) = '1' AND net_explosive_content_kg IS NULL THEN batch_id
        END
    ) AS unknown_explosive_batches
FROM standing
GROUP BY un_location_code, facility_code, imo_class
