-- grain: one row a live item of dangerous goods: what its batch's class and limit are told by
SELECT
    i.consignment_id,
    i.un_number,
    i.imo_class,
    i.subsidiary_risk_1,
    i.subsidiary_risk_2
FROM dg_items AS i
