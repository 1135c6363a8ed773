-- grain: one row a (visit, batch): which batches a visit carries
-- Named where the visit's moves name a live batch; otherwise each (batch, unit) of dg_items takes the visit of the unit
-- at the batch's port whose start is nearest to the batch's manifest, else to its first milestone; the later on a tie.
WITH named AS (
    SELECT DISTINCT
        m.un_location_code,
        m.equipment_reference,
        m.visit_no,
        m.consignment_id
    FROM visit_moves AS m
    INNER JOIN consignments AS c ON c.consignment_id = m.consignment_id
),

first_milestones AS (
    SELECT consignment_id, min(occurred_at) AS occurred_at
    FROM milestones
    WHERE consignment_id IN (SELECT c.consignment_id FROM consignments AS c WHERE c.manifested_at IS NULL)
    GROUP BY consignment_id
),

pairs AS (
    SELECT DISTINCT
        i.consignment_id,
        i.equipment_reference,
        c.un_location_code,
        coalesce(c.manifested_at, f.occurred_at) AS expected_at
    FROM dg_items AS i
    INNER JOIN consignments AS c ON c.consignment_id = i.consignment_id
    LEFT JOIN first_milestones AS f ON f.consignment_id = i.consignment_id
    WHERE i.equipment_reference IS NOT NULL
),

nearest AS (
    SELECT
        p.consignment_id,
        p.un_location_code,
        p.equipment_reference,
        min_by(
            v.visit_no,
            (
                coalesce(abs(unix_micros(v.started_at) - unix_micros(p.expected_at)), 0),
                -unix_micros(v.started_at)
            )
        ) AS visit_no
    FROM pairs AS p
    INNER JOIN visit_spans AS v
        ON v.un_location_code = p.un_location_code AND v.equipment_reference = p.equipment_reference
    WHERE
        NOT EXISTS (
            SELECT 1 FROM named AS n
            WHERE
                n.consignment_id = p.consignment_id
                AND n.equipment_reference = p.equipment_reference
                AND n.un_location_code = p.un_location_code
        )
    GROUP BY p.consignment_id, p.un_location_code, p.equipment_reference
)

SELECT un_location_code, equipment_reference, visit_no, consignment_id, TRUE AS is_named
FROM named
UNION ALL
SELECT un_location_code, equipment_reference, visit_no, consignment_id, FALSE AS is_named
FROM nearest
