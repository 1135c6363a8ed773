-- grain: one row a live batch with items: the gravest kind of its goods, and the only one where they are of one kind
SELECT
    i.consignment_id,
    min(k.kind_no) AS gravest_kind_no,
    CASE WHEN min(k.kind_no) = max(k.kind_no) THEN min(k.kind_no) END AS only_kind_no
FROM item_kinds AS i
INNER JOIN goods_kinds AS k
    ON
        k.imo_class = i.imo_class
        AND k.un_number = coalesce(i.un_number, '')
        AND k.subsidiary_risk_1 = coalesce(i.subsidiary_risk_1, '')
        AND k.subsidiary_risk_2 = coalesce(i.subsidiary_risk_2, '')
GROUP BY i.consignment_id
