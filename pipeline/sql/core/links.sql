-- grain: one row a (visit, batch): which batches a visit carries
-- view
-- Named where the visit's moves name a live batch; otherwise each (batch, unit) of dg_items takes the visit of the unit
-- at the batch's port whose start is nearest to the batch's manifest, else to its first milestone; the later on a tie.
SELECT un_location_code, equipment_reference, CAST(1 AS BIGINT) AS visit_no, consignment_id, TRUE AS is_named
FROM unit_summaries
WHERE NOT is_odd AND consignment_id IS NOT NULL
UNION ALL
SELECT un_location_code, equipment_reference, visit_no, consignment_id, is_named
FROM other_links
