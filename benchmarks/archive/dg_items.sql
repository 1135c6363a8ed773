-- grain: one row a batch's one item
SELECT
    consignment_id,
    1 AS item_no,
    equipment_reference,
    imo_class,
    arrived_at AS recorded_at
FROM stays
