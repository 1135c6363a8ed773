-- grain: one row a (watched day, selection basis): batches inspected and misdeclared in the rule's window that ends with it
SELECT
    d.un_location_code,
    d.day,
    i.selection_basis,
    CAST(sum(i.inspected) AS DOUBLE) AS inspected,
    CAST(sum(i.misdeclared) AS DOUBLE) AS misdeclared
FROM inspected_days AS i
INNER JOIN alert_rules AS r ON r.indicator = 'misdeclaration'
INNER JOIN watched_days AS d
    ON
        d.un_location_code = i.un_location_code
        AND datediff(d.day, i.day) >= 0 AND datediff(d.day, i.day) < r.window_days
GROUP BY d.un_location_code, d.day, i.selection_basis
