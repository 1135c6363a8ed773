-- grain: one row a finding code that is a misdeclaration: distinct batches with such a finding
SELECT
    k.code AS finding_code,
    k.label,
    k.label_zh,
    count(DISTINCT f.consignment_id) AS batches
FROM finding_codes AS k
LEFT JOIN findings_in_window AS f ON f.finding_code = k.code AND f.result = 'finding'
WHERE k.is_misdeclaration
GROUP BY k.code, k.label, k.label_zh
ORDER BY batches DESC, finding_code
