-- grain: one row a batch in the yard at as_of that is not overdue and passes its limit within 168 hours, and what its rule says
WITH ahead AS (
    SELECT
        s.*,
        unix_micros(p.as_of) - unix_micros(s.arrived_at) AS age_micros,
        unix_micros(s.overdue_at) - unix_micros(s.arrived_at) AS limit_micros,
        (unix_micros(s.overdue_at) - unix_micros(p.as_of)) / CAST(3600000000 AS DOUBLE) AS hours_to_limit
    FROM counted AS s
    CROSS JOIN params AS p
    WHERE s.arrived_at <= p.as_of AND s.left_at IS NULL AND s.overdue_at > p.as_of
)

SELECT
    a.*,
    CASE WHEN a.hours_to_limit <= 24 THEN 24 WHEN a.hours_to_limit <= 72 THEN 72 ELSE 168 END AS within_hours,
    r.valid_from AS rule_valid_from,
    r.valid_to AS rule_valid_to,
    r.valid_from IS NOT NULL OR r.valid_to IS NOT NULL AS is_dated_rule
FROM ahead AS a
LEFT JOIN limit_rules AS r ON r.rule_id = a.limit_rule_id
WHERE a.hours_to_limit <= 168
