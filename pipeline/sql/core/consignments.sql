-- grain: one row a live consignment at known_at
-- view
SELECT
    c.consignment_id,
    c.un_location_code,
    c.direction,
    c.declaration_no,
    c.customs_office_code,
    c.manifested_at,
    c.consignee,
    c.goods_value,
    c.currency,
    c.recorded_at,
    c._known_at,
    c._file_seq,
    c._line,
    c._warnings
FROM landed_consignments AS c
CROSS JOIN params AS p
LEFT JOIN losers_plain AS l
    ON l.source = 'consignments' AND l._file_seq = c._file_seq AND l._line = c._line
WHERE
    c._known_at <= p.known_at
    AND NOT coalesce(c.voided, FALSE)
    AND l._line IS NULL
