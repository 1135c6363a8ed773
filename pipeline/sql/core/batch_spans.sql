-- grain: one row a stay: one batch at one port; a visit that no batch claims is a batch of its own, consignment_id null
-- batch_id is the consignment_id, or for an unclaimed visit a name that no consignment can have (it holds control characters).
WITH claimed AS (
    SELECT
        l.consignment_id AS batch_id,
        l.consignment_id,
        v.*
    FROM visits AS v
    INNER JOIN links AS l
        ON
            l.un_location_code = v.un_location_code
            AND l.equipment_reference = v.equipment_reference
            AND l.visit_no = v.visit_no
    UNION ALL
    SELECT
        concat(chr(31), v.equipment_reference, chr(31), CAST(v.visit_no AS VARCHAR)) AS batch_id,
        CAST(NULL AS VARCHAR) AS consignment_id,
        v.*
    FROM visits AS v
    WHERE
        NOT EXISTS (
            SELECT 1 FROM links AS l
            WHERE
                l.un_location_code = v.un_location_code
                AND l.equipment_reference = v.equipment_reference
                AND l.visit_no = v.visit_no
        )
),

ordered AS (
    SELECT
        c.*,
        row_number() OVER (
            PARTITION BY c.batch_id, c.un_location_code
            ORDER BY c.started_at, c.equipment_reference, c.visit_no
        ) AS visit_order,
        row_number() OVER (
            PARTITION BY c.batch_id, c.un_location_code
            ORDER BY
                CASE WHEN c.exit_type IS NULL THEN 1 ELSE 0 END, c.exit_named_at DESC, c.exit_event_id DESC
        ) AS exit_order
    FROM claimed AS c
)

SELECT
    o.batch_id,
    o.un_location_code,
    max(o.consignment_id) AS consignment_id,
    max(CASE WHEN o.visit_order = 1 THEN o.facility_code END) AS facility_code,
    max(CASE WHEN o.visit_order = 1 THEN o.equipment_reference END) AS first_unit,
    max(CASE WHEN o.visit_order = 1 THEN o.block END) AS block,
    count(DISTINCT o.equipment_reference) AS units,
    min(o.started_at) AS arrived_at,
    CASE WHEN count(*) = count(o.ended_at) THEN max(o.ended_at) END AS left_at,
    CASE WHEN count(*) = count(o.ended_at) THEN max(CASE WHEN o.exit_order = 1 THEN o.exit_type END) END
        AS exit_type
FROM ordered AS o
GROUP BY o.batch_id, o.un_location_code
