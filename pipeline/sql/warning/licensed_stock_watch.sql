-- grain: one row a watched day of a port where anything licensed ever stood: its fullest licence, in percent
-- Whole grams are exact as doubles too.
WITH slots AS (
    SELECT
        c.un_location_code,
        c.facility_code,
        c.licence_id,
        max(c.licensed_kg) AS licensed_kg,
        max(c.licensed_net_explosive_kg) AS licensed_net_explosive_kg,
        row_number() OVER (ORDER BY c.un_location_code, c.facility_code, c.licence_id) AS slot_no
    FROM licence_of_class AS c
    GROUP BY c.un_location_code, c.facility_code, c.licence_id
),

changes AS (
    SELECT s.slot_no, f.day, CAST(f.grams AS DOUBLE) AS grams, CAST(f.explosive_grams AS DOUBLE) AS explosive_grams
    FROM licence_flows AS f
    INNER JOIN slots AS s
        ON
            s.un_location_code = f.un_location_code
            AND s.facility_code = f.facility_code
            AND s.licence_id = f.licence_id
),

running AS (
    SELECT
        d.un_location_code,
        d.day,
        s.licensed_kg,
        s.licensed_net_explosive_kg,
        sum(coalesce(c.grams, 0)) OVER so_far / 1000 AS kilograms,
        sum(coalesce(c.explosive_grams, 0)) OVER so_far / 1000 AS explosive_kilograms
    FROM slots AS s
    INNER JOIN watched_days AS d ON d.un_location_code = s.un_location_code
    LEFT JOIN changes AS c ON c.slot_no = s.slot_no AND c.day = d.day
    WINDOW so_far AS (
        PARTITION BY s.slot_no ORDER BY d.day_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

fullest AS (
    SELECT
        r.un_location_code,
        r.day,
        100 * max(
            greatest(
                coalesce(r.kilograms / nullif(r.licensed_kg, 0), 0),
                coalesce(r.explosive_kilograms / nullif(r.licensed_net_explosive_kg, 0), 0)
            )
        ) AS value
    FROM running AS r
    GROUP BY r.un_location_code, r.day
)

SELECT
    f.un_location_code,
    f.day,
    'licensed_stock' AS indicator,
    f.value,
    q.threshold AS limit_value,
    f.value >= q.threshold AS has_fired
FROM fullest AS f
INNER JOIN alert_rules AS q ON q.indicator = 'licensed_stock'
