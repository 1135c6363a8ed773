-- grain: one row a stay: its span, its local day of arrival, its batch's direction, and the kinds of its goods as in batch_kinds
SELECT
    b.*,
    c.direction,
    CAST(
        timestamp_micros(unix_micros(b.arrived_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS arrived_day,
    coalesce(k.gravest_kind_no, CAST(0 AS BIGINT)) AS gravest_kind_no,
    CASE WHEN k.consignment_id IS NULL THEN CAST(0 AS BIGINT) ELSE k.only_kind_no END AS only_kind_no
FROM batch_spans AS b
LEFT JOIN port_offsets AS o
    ON o.un_location_code = b.un_location_code AND b.arrived_at >= o.utc_from AND b.arrived_at < o.utc_until
LEFT JOIN consignments AS c ON c.consignment_id = b.consignment_id
LEFT JOIN batch_kinds AS k ON k.consignment_id = b.consignment_id
