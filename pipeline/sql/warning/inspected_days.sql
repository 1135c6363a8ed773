-- grain: one row a (port, local day, selection basis) with an inspection: batches inspected, and misdeclared among them
WITH told AS (
    SELECT
        c.un_location_code,
        f.consignment_id,
        f.selection_basis,
        CAST(
            timestamp_micros(unix_micros(f.inspected_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS day,
        coalesce(k.is_misdeclaration, FALSE) AS is_misdeclaration
    FROM findings AS f
    INNER JOIN consignments AS c ON c.consignment_id = f.consignment_id
    INNER JOIN ports AS q ON q.un_location_code = c.un_location_code
    INNER JOIN zone_offsets AS o
        ON o.time_zone = q.time_zone AND f.inspected_at >= o.utc_from AND f.inspected_at < o.utc_until
    LEFT JOIN finding_codes AS k ON k.code = f.finding_code
)

SELECT
    t.un_location_code,
    t.day,
    t.selection_basis,
    count(DISTINCT t.consignment_id) AS inspected,
    count(DISTINCT CASE WHEN t.is_misdeclaration THEN t.consignment_id END) AS misdeclared
FROM told AS t
GROUP BY t.un_location_code, t.day, t.selection_basis
