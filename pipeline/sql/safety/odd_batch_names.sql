-- grain: one row: how many batches that the window meets have a ; in their number, and the most batches that a visit carries
SELECT
    max(b.odd_names) AS odd_names,
    coalesce(max(length(u.consignment_id) - length(replace(u.consignment_id, ';', '')) + 1), 1) AS most_batches
FROM (SELECT count(*) AS odd_names FROM met_batches WHERE instr(consignment_id, ';') > 0) AS b
LEFT JOIN met_units AS u ON 1 = 1
