-- grain: one row a facility and class of items with any batch in the yard at as_of: kilograms against what is licensed
-- Of the licences that fit, one of the facility comes before one of the port, then the longer class. Several classes can
-- share a licence: licence_kilograms is their sum. What is not told is counted; shares of it are then at least so much.
WITH standing AS (
    SELECT
        s.batch_id,
        s.un_location_code,
        coalesce(s.facility_code, '') AS facility_code,
        coalesce(i.imo_class, 'unidentified') AS imo_class,
        i.consignment_id IS NOT NULL AS has_items,
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
),

summed AS (
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
),

fitting AS (
    SELECT
        s.un_location_code,
        s.facility_code,
        s.imo_class,
        l.licence_id,
        l.licensed_kg,
        l.licensed_net_explosive_kg,
        l.is_illustrative,
        row_number() OVER (
            PARTITION BY s.un_location_code, s.facility_code, s.imo_class
            ORDER BY
                CASE WHEN l.facility_code IS NULL THEN 1 ELSE 0 END,
                CASE WHEN l.un_location_code IS NULL THEN 1 ELSE 0 END,
                length(l.imo_class) DESC,
                l.licence_id
        ) AS fit_order
    FROM summed AS s
    INNER JOIN licensed_quantities AS l
        ON
            (l.un_location_code IS NULL OR l.un_location_code = s.un_location_code)
            AND (l.facility_code IS NULL OR l.facility_code = s.facility_code)
            AND substr(s.imo_class, 1, length(l.imo_class)) = l.imo_class
),

licensed AS (
    SELECT
        s.*,
        f.licence_id,
        f.licensed_kg,
        f.licensed_net_explosive_kg,
        f.is_illustrative,
        CAST(sum(s.net_kilograms) OVER of_licence AS DOUBLE) AS licence_kilograms,
        CAST(sum(s.net_explosive_kilograms) OVER of_licence AS DOUBLE) AS licence_explosive_kilograms,
        sum(s.unknown_batches) OVER of_licence AS licence_unknown_batches,
        sum(s.unknown_explosive_batches) OVER of_licence AS licence_unknown_explosive_batches
    FROM summed AS s
    LEFT JOIN fitting AS f
        ON
            f.un_location_code = s.un_location_code
            AND f.facility_code = s.facility_code
            AND f.imo_class = s.imo_class
            AND f.fit_order = 1
    WINDOW of_licence AS (PARTITION BY s.un_location_code, s.facility_code, f.licence_id)
)

SELECT
    l.un_location_code,
    CASE WHEN l.facility_code <> '' THEN l.facility_code END AS facility_code,
    l.imo_class,
    l.batches,
    CAST(l.net_kilograms AS DOUBLE) AS net_kilograms,
    l.unknown_batches,
    CAST(l.net_explosive_kilograms AS DOUBLE) AS net_explosive_kilograms,
    l.unknown_explosive_batches,
    l.licence_id,
    l.licensed_kg,
    CASE WHEN l.licence_id IS NOT NULL THEN l.licence_kilograms END AS licence_kilograms,
    CASE WHEN l.licensed_kg > 0 THEN l.licence_kilograms / l.licensed_kg END AS licensed_share,
    l.licensed_net_explosive_kg,
    CASE WHEN l.licensed_net_explosive_kg > 0 THEN l.licence_explosive_kilograms / l.licensed_net_explosive_kg END
        AS explosive_share,
    CASE
        WHEN l.licence_id IS NOT NULL
            THEN
                l.licence_unknown_batches > 0
                OR (l.licensed_net_explosive_kg IS NOT NULL AND l.licence_unknown_explosive_batches > 0)
    END AS is_at_least,
    l.is_illustrative
FROM licensed AS l
ORDER BY
    greatest(
        coalesce(CASE WHEN l.licensed_kg > 0 THEN l.licence_kilograms / l.licensed_kg END, -1),
        coalesce(
            CASE
                WHEN l.licensed_net_explosive_kg > 0 THEN l.licence_explosive_kilograms / l.licensed_net_explosive_kg
            END,
            -1
        )
    ) DESC,
    l.un_location_code, l.facility_code, l.imo_class
