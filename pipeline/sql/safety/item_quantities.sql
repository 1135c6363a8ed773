-- grain: one row a live item: its quantity against the reference quantity of its class; null where it is not told
-- Of the reference rows that fit the class the longest counts; those of explosives are of the net explosive content.
WITH fitting AS (
    SELECT
        c.imo_class,
        r.reference_kg,
        r.of_net_explosive,
        row_number() OVER (PARTITION BY c.imo_class ORDER BY length(r.imo_class) DESC) AS fit_order
    FROM (SELECT DISTINCT imo_class FROM dg_items) AS c
    INNER JOIN reference_quantities AS r ON substr(c.imo_class, 1, length(r.imo_class)) = r.imo_class
)

SELECT
    i.consignment_id,
    i.item_no,
    i.imo_class,
    i.net_weight_kg,
    i.net_explosive_content_kg,
    CASE WHEN f.of_net_explosive THEN i.net_explosive_content_kg ELSE i.net_weight_kg END / f.reference_kg
        AS quantity_ratio
FROM dg_items AS i
LEFT JOIN fitting AS f ON f.imo_class = i.imo_class AND f.fit_order = 1
