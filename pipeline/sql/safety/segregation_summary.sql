-- grain: one row: the alerts that stand now, and the units that could not be compared
SELECT
    max(f.pairs_now) AS pairs_now,
    max(f.pairs_now_near) AS pairs_now_near,
    count(u.visit_id) AS units,
    count(u.visit_id) FILTER (WHERE u.segregation_alerts > 0) AS units_in_alerts,
    count(u.visit_id) FILTER (WHERE u.block IS NULL) AS units_without_place,
    count(u.visit_id) FILTER (WHERE u.hazard_set IS NULL) AS units_without_hazards,
    max(a.amendment) AS amendment
FROM segregation_found AS f
CROSS JOIN (SELECT max(amendment) AS amendment FROM segregation) AS a
LEFT JOIN units_now AS u ON u.is_wanted
