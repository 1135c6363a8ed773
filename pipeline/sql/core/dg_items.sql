-- grain: one row a live item of dangerous goods at known_at, its batch live or not
-- view
SELECT
    i.consignment_id,
    i.item_no,
    i.equipment_reference,
    i.un_number,
    i.proper_shipping_name,
    i.imo_class,
    i.subsidiary_risk_1,
    i.subsidiary_risk_2,
    i.packing_group,
    i.is_marine_pollutant,
    i.is_limited_quantity,
    i.flashpoint_c,
    i.sadt_c,
    i.control_temp_c,
    i.emergency_temp_c,
    i.net_weight_kg,
    i.net_explosive_content_kg,
    i.recorded_at,
    i._known_at,
    i._file_seq,
    i._line,
    i._warnings
FROM landed_dg_items AS i
CROSS JOIN params AS p
LEFT JOIN losers_plain AS l
    ON l.source = 'dg_items' AND l._file_seq = i._file_seq AND l._line = i._line
WHERE
    i._known_at <= p.known_at
    AND NOT coalesce(i.voided, FALSE)
    AND l._line IS NULL
