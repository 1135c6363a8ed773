-- grain: one row a (visit, batch) that the sum of a unit's moves does not tell: of an odd unit, or not named by moves
WITH named AS (
    SELECT DISTINCT
        m.un_location_code,
        m.equipment_reference,
        m.visit_no,
        m.consignment_id,
        c.un_location_code = m.un_location_code AS is_at_port_of_batch
    FROM odd_visit_moves AS m
    INNER JOIN consignments AS c ON c.consignment_id = m.consignment_id
),

named_at_port AS (
    SELECT consignment_id, equipment_reference
    FROM unit_summaries
    WHERE NOT is_odd AND is_at_port_of_batch
    UNION ALL
    SELECT consignment_id, equipment_reference
    FROM named
    WHERE is_at_port_of_batch
),

unnamed AS (
    SELECT DISTINCT
        i.consignment_id,
        i.equipment_reference
    FROM dg_items AS i
    WHERE
        i.equipment_reference IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM named_at_port AS n
            WHERE n.consignment_id = i.consignment_id AND n.equipment_reference = i.equipment_reference
        )
),

pairs AS (
    SELECT
        u.consignment_id,
        u.equipment_reference,
        c.un_location_code,
        coalesce(c.manifested_at, m.first_at) AS expected_at
    FROM unnamed AS u
    INNER JOIN consignments AS c ON c.consignment_id = u.consignment_id
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
