-- grain: one row a group of spells that is asked for, with its number
SELECT
    g.un_location_code,
    g.lead_class,
    row_number() OVER (ORDER BY g.un_location_code, g.lead_class) AS group_no
FROM (
    SELECT DISTINCT
        CASE WHEN a.by_port THEN s.un_location_code END AS un_location_code,
        CASE WHEN a.by_class THEN s.lead_class END AS lead_class
    FROM spells AS s
    CROSS JOIN asked AS a
) AS g
