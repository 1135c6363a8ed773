-- grain: one row a batch whose number, box or declaration begins with the text asked for
WITH by_number AS (
    SELECT c.consignment_id FROM consignments AS c
    CROSS JOIN searched AS q
    WHERE upper(substr(c.consignment_id, 1, length(q.text))) = upper(q.text)
    UNION
    SELECT c.consignment_id FROM consignments AS c
    CROSS JOIN searched AS q
    WHERE substr(c.declaration_no, 1, length(q.text)) = q.text
    UNION
    SELECT i.consignment_id FROM dg_items AS i
    CROSS JOIN searched AS q
    WHERE substr(i.equipment_reference, 1, length(q.text)) = upper(q.text)
)

SELECT
    s.consignment_id,
    s.un_location_code,
    s.lead_class,
    s.arrived_at,
    s.left_at,
    s.first_unit AS equipment_reference
FROM batch_stays AS s
INNER JOIN by_number AS n ON n.consignment_id = s.consignment_id
UNION ALL
SELECT
    s.consignment_id,
    s.un_location_code,
    s.lead_class,
    s.arrived_at,
    s.left_at,
    s.first_unit AS equipment_reference
FROM batch_stays AS s
CROSS JOIN searched AS q
WHERE s.consignment_id IS NULL AND substr(s.first_unit, 1, length(q.text)) = upper(q.text)
ORDER BY consignment_id, arrived_at, un_location_code, equipment_reference
LIMIT 50
