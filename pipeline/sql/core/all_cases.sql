-- grain: one row a live penalty case at known_at, of any instant, its batch live or not
-- view
SELECT
    c.case_no,
    c.consignment_id,
    timestamp_micros(
        unix_micros(c.filed_at_given)
        - coalesce(CASE WHEN c.filed_at_is_local THEN f.offset_seconds END, 0) * CAST(1000000 AS BIGINT)
    ) AS filed_at,
    timestamp_micros(
        unix_micros(c.decided_at_given)
        - coalesce(CASE WHEN c.decided_at_is_local THEN d.offset_seconds END, 0) * CAST(1000000 AS BIGINT)
    ) AS decided_at,
    c.legal_basis,
    c.goods_value,
    c.fine_amount,
    c.currency,
    c.status,
    c.recorded_at,
    c._known_at,
    c._file_seq,
    c._line,
    c._warnings
FROM landed_penalty_cases AS c
CROSS JOIN params AS p
LEFT JOIN zone_of_consignment AS z ON z.consignment_id = c.consignment_id
LEFT JOIN zone_offsets AS f
    ON
        f.time_zone = coalesce(z.time_zone, p.default_zone)
        AND c.filed_at_given >= f.local_from AND c.filed_at_given < f.local_until
LEFT JOIN zone_offsets AS d
    ON
        d.time_zone = coalesce(z.time_zone, p.default_zone)
        AND c.decided_at_given >= d.local_from AND c.decided_at_given < d.local_until
LEFT JOIN losers_held AS l
    ON l.source = 'penalty_cases' AND l._file_seq = c._file_seq AND l._line = c._line
WHERE
    c._known_at <= p.known_at
    AND NOT coalesce(c.voided, FALSE)
    AND l._line IS NULL
