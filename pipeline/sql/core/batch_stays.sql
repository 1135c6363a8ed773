-- grain: one row a stay: one batch at one port, with its class, limit and local days; independent of as_of for what is past
SELECT
    t.batch_id,
    t.consignment_id,
    CASE WHEN t.consignment_id IS NULL THEN t.first_unit END AS equipment_reference,
    t.first_unit,
    t.un_location_code,
    t.facility_code,
    t.block,
    t.direction,
    k.imo_class AS lead_class,
    k.hazard_rank,
    k.class_rank,
    t.units,
    t.arrived_at,
    t.left_at,
    r.limit_hours,
    r.rule_id AS limit_rule_id,
    r.is_illustrative AS limit_is_illustrative,
    timestamp_micros(
        unix_micros(t.arrived_at) + CAST(round(r.limit_hours * 3600000000) AS BIGINT)
    ) AS overdue_at,
    t.exit_type,
    p.time_zone
FROM told_spans AS t
INNER JOIN goods_kinds AS k ON k.kind_no = t.gravest_kind_no
LEFT JOIN kind_limits AS o
    ON
        o.un_location_code = t.un_location_code
        AND o.facility_code = coalesce(t.facility_code, '')
        AND o.direction = coalesce(t.direction, '')
        AND o.kind_no = t.only_kind_no
        AND t.arrived_day >= o.begins_on
        AND t.arrived_day < o.ends_before
LEFT JOIN limits_of_several AS s ON s.batch_id = t.batch_id AND s.un_location_code = t.un_location_code
LEFT JOIN ordered_rules AS r ON r.limit_place = coalesce(o.limit_place, s.limit_place)
INNER JOIN ports AS p ON p.un_location_code = t.un_location_code
