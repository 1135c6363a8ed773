-- grain: one row a (visit that the window meets, hazard in it): classes and subsidiary risks of the items of its batches
-- Items that name the unit, or no unit. Where a batch's items all name other units, those of them whose unit was not met
-- with the batch: nobody told where they are.
WITH item_hazards AS (
    SELECT consignment_id, equipment_reference, imo_class AS hazard FROM dg_items
    UNION
    SELECT consignment_id, equipment_reference, subsidiary_risk_1 AS hazard FROM dg_items
    UNION
    SELECT consignment_id, equipment_reference, subsidiary_risk_2 AS hazard FROM dg_items
),

carried AS (
    SELECT
        u.visit_id,
        u.consignment_id,
        h.hazard,
        CASE
            WHEN h.equipment_reference IS NULL OR h.equipment_reference = u.equipment_reference THEN 1 ELSE 0
        END AS is_here,
        o.visit_id IS NOT NULL AS is_elsewhere
    FROM unit_batches AS u
    INNER JOIN item_hazards AS h ON h.consignment_id = u.consignment_id
    LEFT JOIN unit_batches AS o
        ON
            o.consignment_id = h.consignment_id
            AND o.equipment_reference = h.equipment_reference
            AND o.equipment_reference <> u.equipment_reference
    WHERE h.hazard IS NOT NULL
),

weighed AS (
    SELECT
        c.visit_id,
        c.hazard,
        c.is_here,
        c.is_elsewhere,
        max(c.is_here) OVER (PARTITION BY c.visit_id, c.consignment_id) AS any_here
    FROM carried AS c
)

SELECT DISTINCT visit_id, hazard
FROM weighed
WHERE is_here = 1 OR (any_here = 0 AND NOT is_elsewhere)
