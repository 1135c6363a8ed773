-- grain: one row a limit rule: its place among those that fit the same goods, the first of which wins, and among all limits
SELECT
    r.*,
    row_number() OVER (
        ORDER BY
            CASE WHEN r.un_number IS NULL THEN 1 ELSE 0 END,
            coalesce(length(r.imo_class), 0) DESC,
            CASE WHEN r.facility_code IS NULL THEN 1 ELSE 0 END,
            CASE WHEN r.un_location_code IS NULL THEN 1 ELSE 0 END,
            CASE WHEN r.direction IS NULL THEN 1 ELSE 0 END,
            coalesce(r.priority, 0) DESC,
            r.rule_id
    ) AS precedence,
    row_number() OVER (ORDER BY r.limit_hours, r.rule_id) AS limit_place
FROM limit_rules AS r
