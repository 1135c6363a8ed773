-- grain: one row an open visit whose unit has since come in at another port: it cannot be in both, its gate-out is missing
WITH elsewhere AS (
    SELECT
        u.un_location_code,
        u.equipment_reference,
        u.facility_code,
        u.consignment_id,
        u.arrived_at,
        o.arrived_at AS seen_elsewhere_at,
        o.un_location_code AS seen_elsewhere,
        row_number() OVER (
            PARTITION BY u.un_location_code, u.equipment_reference, u.arrived_at
            ORDER BY o.arrived_at, o.un_location_code
        ) AS place
    FROM unit_stays AS u
    INNER JOIN unit_stays AS o
        ON
            o.equipment_reference = u.equipment_reference
            AND o.un_location_code <> u.un_location_code
            AND o.arrived_at > u.arrived_at
    WHERE
        u.left_at IS NULL
        AND (
            NOT EXISTS (SELECT 1 FROM wanted_ports)
            OR u.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
        )
        AND (
            NOT EXISTS (SELECT 1 FROM wanted_classes)
            OR u.lead_class IN (SELECT w.code FROM wanted_classes AS w)
        )
        AND (
            NOT EXISTS (SELECT 1 FROM wanted_directions)
            OR u.direction IN (SELECT w.direction FROM wanted_directions AS w)
        )
)

SELECT
    e.un_location_code,
    e.equipment_reference,
    e.facility_code,
    e.consignment_id,
    e.arrived_at,
    e.seen_elsewhere_at,
    e.seen_elsewhere
FROM elsewhere AS e
WHERE e.place = 1
ORDER BY e.un_location_code, e.arrived_at, e.equipment_reference
