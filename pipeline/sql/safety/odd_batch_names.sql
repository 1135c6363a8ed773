-- grain: one row: how many batches that the window meets have a ; in their number, and the most batches that a visit carries
SELECT
    (SELECT count(*) FROM met_batches WHERE instr(consignment_id, ';') > 0) AS odd_names,
    coalesce(
        max(length(u.consignment_id) - length(replace(u.consignment_id, ';', '')) + 1), 1
    ) AS most_batches
FROM met_units AS u
