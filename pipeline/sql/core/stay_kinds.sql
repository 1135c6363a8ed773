-- grain: one row a (stay whose goods are of several kinds, kind): what its limit is told by
SELECT DISTINCT
    t.batch_id,
    t.un_location_code,
    t.facility_code,
    t.direction,
    t.arrived_day,
    k.kind_no
FROM told_spans AS t
INNER JOIN item_kinds AS i ON i.consignment_id = t.consignment_id
INNER JOIN goods_kinds AS k
    ON
        k.imo_class = i.imo_class
        AND k.un_number = coalesce(i.un_number, '')
        AND k.subsidiary_risk_1 = coalesce(i.subsidiary_risk_1, '')
        AND k.subsidiary_risk_2 = coalesce(i.subsidiary_risk_2, '')
WHERE t.only_kind_no IS NULL
