-- grain: one row a live batch with items: what it weighs as far as its items tell, and how many of them do not
-- An item of class 1 should tell its net explosive content too. A batch without a row here tells nothing: unknown, not 0.
-- Sums are of decimals, so that they are exact and the same in whatever order an engine adds.
SELECT
    i.consignment_id,
    count(*) AS items,
    CAST(sum(CAST(i.net_weight_kg AS DECIMAL(38, 6))) AS DOUBLE) AS net_kilograms,
    count(*) FILTER (WHERE i.net_weight_kg IS NULL) AS items_without_weight,
    CAST(sum(CAST(i.net_explosive_content_kg AS DECIMAL(38, 6))) AS DOUBLE) AS net_explosive_kilograms,
    count(*) FILTER (WHERE substr(i.imo_class, 1, 1) = '1') AS explosive_items,
    count(*) FILTER (WHERE substr(i.imo_class, 1, 1) = '1' AND i.net_explosive_content_kg IS NULL)
        AS explosive_items_without_content
FROM dg_items AS i
GROUP BY i.consignment_id
