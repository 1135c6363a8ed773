-- grain: one row a live batch with items: the class of the item with the gravest hazard, subsidiary risks counted for the rank
-- view
SELECT
    b.consignment_id,
    k.imo_class AS lead_class,
    k.hazard_rank,
    k.class_rank
FROM batch_kinds AS b
INNER JOIN goods_kinds AS k ON k.kind_no = b.gravest_kind_no
