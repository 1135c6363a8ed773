-- grain: one row a (place, grouping): the group that spells of the place are counted in, and its number
WITH grouped AS (
    SELECT
        p.place_no,
        p.window_name,
        CASE WHEN a.by_port THEN p.un_location_code END AS group_port,
        CASE WHEN a.by_class THEN k.told_as END AS group_class
    FROM spell_places AS p
    INNER JOIN told_kinds AS k ON k.kind = p.kind
    CROSS JOIN duration_scopes AS a
)

SELECT
    g.*,
    dense_rank() OVER (ORDER BY g.window_name, g.group_port, g.group_class) AS group_no
FROM grouped AS g
