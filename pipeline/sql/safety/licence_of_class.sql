-- grain: one row a (port, facility, class of item) of `licensed_places` for which any licence is: the one that fits best
-- One of the facility comes before one of the port, then the longer class.
WITH fitting AS (
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
    FROM licensed_places AS s
    INNER JOIN licensed_quantities AS l
        ON
            (l.un_location_code IS NULL OR l.un_location_code = s.un_location_code)
            AND (l.facility_code IS NULL OR l.facility_code = s.facility_code)
            AND substr(s.imo_class, 1, length(l.imo_class)) = l.imo_class
)

SELECT un_location_code, facility_code, imo_class, licence_id, licensed_kg, licensed_net_explosive_kg, is_illustrative
FROM fitting
WHERE fit_order = 1
