-- grain: one row a visit with any hazard told: its hazards in order, joined by ;
SELECT
    visit_id,
    array_join(sort_array(collect_list(hazard)), ';') AS hazard_set
FROM unit_hazards
GROUP BY visit_id
