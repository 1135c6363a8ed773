-- grain: one row a live inspection at known_at, of any instant, its batch live or not
-- view
SELECT
    f.finding_id,
    f.consignment_id,
    f.equipment_reference,
    timestamp_micros(
        unix_micros(f.inspected_at_given)
        - coalesce(CASE WHEN f.inspected_at_is_local THEN o.offset_seconds END, 0) * CAST(1000000 AS BIGINT)
    ) AS inspected_at,
    f.selection_basis,
    f.result,
    f.finding_code,
    f.declared_un_number,
    f.found_un_number,
    f.declared_class,
    f.found_class,
    f.declared_packing_group,
    f.found_packing_group,
    f.declared_quantity_kg,
    f.found_quantity_kg,
    f.recorded_at,
    f._known_at,
    f._file_seq,
    f._line,
    f._warnings
FROM landed_inspection_findings AS f
CROSS JOIN params AS p
LEFT JOIN zone_of_consignment AS z ON z.consignment_id = f.consignment_id
LEFT JOIN zone_offsets AS o
    ON
        o.time_zone = coalesce(z.time_zone, p.default_zone)
        AND f.inspected_at_given >= o.local_from AND f.inspected_at_given < o.local_until
LEFT JOIN losers_held AS l
    ON l.source = 'inspection_findings' AND l._file_seq = f._file_seq AND l._line = f._line
WHERE
    f._known_at <= p.known_at
    AND NOT coalesce(f.voided, FALSE)
    AND l._line IS NULL
