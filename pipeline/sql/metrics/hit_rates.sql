-- grain: one row a selection basis: inspected batches, and of these with a finding and with a misdeclaration
WITH batches AS (
    SELECT
        f.selection_basis,
        f.consignment_id,
        count(*) AS inspections,
        max(CASE WHEN f.result = 'finding' THEN 1 ELSE 0 END) AS has_finding,
        max(CASE WHEN f.result = 'finding' AND k.is_misdeclaration THEN 1 ELSE 0 END) AS is_misdeclared
    FROM findings_in_window AS f
    LEFT JOIN finding_codes AS k ON k.code = f.finding_code
    GROUP BY f.selection_basis, f.consignment_id
)

SELECT
    selection_basis,
    CAST(sum(inspections) AS BIGINT) AS inspections,
    count(*) AS inspected_batches,
    CAST(sum(has_finding) AS BIGINT) AS batches_with_finding,
    CAST(sum(is_misdeclared) AS BIGINT) AS misdeclared_batches,
    sum(is_misdeclared) / CAST(count(*) AS DOUBLE) AS misdeclared_share
FROM batches
GROUP BY selection_basis
ORDER BY selection_basis
