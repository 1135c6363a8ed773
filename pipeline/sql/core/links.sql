-- grain: one row a (visit, batch): which batches a visit carries
-- Named where the visit's moves name a live batch; otherwise each (batch, unit) of dg_items takes the visit of the unit
-- at the batch's port whose start is nearest to the batch's manifest, else to its first milestone; the later on a tie.
WITH names AS (
    SELECT un_location_code, equipment_reference, CAST(1 AS BIGINT) AS visit_no, consignment_id
    FROM unit_summaries
    WHERE NOT is_odd AND consignment_id IS NOT NULL
    UNION ALL
    SELECT DISTINCT un_location_code, equipment_reference, visit_no, consignment_id
    FROM odd_visit_moves
    WHERE consignment_id IS NOT NULL
),

named AS (
    SELECT n.un_location_code, n.equipment_reference, n.visit_no, n.consignment_id
    FROM names AS n
    INNER JOIN consignments AS c ON c.consignment_id = n.consignment_id
),

unnamed AS (
    SELECT DISTINCT
        i.consignment_id,
        i.equipment_reference,
        c.un_location_code,
        c.manifested_at
    FROM dg_items AS i
    INNER JOIN consignments AS c ON c.consignment_id = i.consignment_id
    WHERE
        i.equipment_reference IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM named AS n
            WHERE
                n.consignment_id = i.consignment_id
                AND n.equipment_reference = i.equipment_reference
                AND n.un_location_code = c.un_location_code
        )
),

pairs AS (
    SELECT
        u.consignment_id,
        u.equipment_reference,
        u.un_location_code,
        coalesce(u.manifested_at, m.first_at) AS expected_at
    FROM unnamed AS u
    LEFT JOIN milestone_instants AS m ON m.consignment_id = u.consignment_id
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
    GROUP BY p.consignment_id, p.un_location_code, p.equipment_reference
)

SELECT un_location_code, equipment_reference, visit_no, consignment_id, TRUE AS is_named
FROM named
UNION ALL
SELECT un_location_code, equipment_reference, visit_no, consignment_id, FALSE AS is_named
FROM nearest
