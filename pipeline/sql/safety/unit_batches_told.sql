-- grain: one row a (visit that the window meets, batch that it carries), from the batches told of the visit, joined by ;
SELECT
    u.visit_id,
    u.un_location_code,
    u.equipment_reference,
    u.consignment_id
FROM met_units AS u
WHERE u.consignment_id IS NOT NULL AND instr(u.consignment_id, ';') = 0
UNION ALL
SELECT
    u.visit_id,
    u.un_location_code,
    u.equipment_reference,
    split_part(u.consignment_id, ';', n.number) AS consignment_id
FROM met_units AS u
INNER JOIN list_numbers AS n
    ON n.number <= length(u.consignment_id) - length(replace(u.consignment_id, ';', '')) + 1
WHERE instr(u.consignment_id, ';') > 0
