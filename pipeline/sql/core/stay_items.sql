-- grain: one row an item of a stay; a stay without items has one row of class unidentified
SELECT
    b.batch_id,
    b.un_location_code,
    b.facility_code,
    c.direction,
    CAST(
        timestamp_micros(unix_micros(b.arrived_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS arrived_day,
    i.un_number,
    coalesce(i.imo_class, 'unidentified') AS imo_class
FROM batch_spans AS b
INNER JOIN port_offsets AS o
    ON o.un_location_code = b.un_location_code AND b.arrived_at >= o.utc_from AND b.arrived_at < o.utc_until
LEFT JOIN consignments AS c ON c.consignment_id = b.consignment_id
LEFT JOIN item_kinds AS i ON i.consignment_id = b.consignment_id
