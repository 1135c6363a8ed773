-- grain: one row a facility and class of items with any batch in the yard at as_of: kilograms against what is licensed
-- Several classes can share a licence: licence_kilograms is their sum. What is not told is counted; shares of it are then
-- at least so much.
WITH licensed AS (
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
    FROM class_quantities AS s
    LEFT JOIN licence_of_class AS f
        ON
            f.un_location_code = s.un_location_code
            AND f.facility_code = s.facility_code
            AND f.imo_class = s.imo_class
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
