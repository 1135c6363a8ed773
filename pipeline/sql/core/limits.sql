-- grain: one row a stay: the smallest of its items' limits, and the rule it is from
-- Which of two fitting rules wins is a property of the rules alone, so they are ranked once; the first that fits is an item's.
WITH ranked_rules AS (
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
        ) AS precedence
    FROM limit_rules AS r
),

profiles AS (
    SELECT DISTINCT un_location_code, facility_code, direction, un_number, imo_class
    FROM stay_items
),

fitting AS (
    SELECT
        f.un_location_code,
        f.facility_code,
        f.direction,
        f.un_number,
        f.imo_class,
        r.precedence,
        r.valid_from,
        r.valid_to
    FROM profiles AS f
    INNER JOIN ranked_rules AS r
        ON
            (r.un_number IS NULL OR r.un_number = f.un_number)
            AND (r.imo_class IS NULL OR substr(f.imo_class, 1, length(r.imo_class)) = r.imo_class)
            AND (r.un_location_code IS NULL OR r.un_location_code = f.un_location_code)
            AND (r.facility_code IS NULL OR r.facility_code = f.facility_code)
            AND (r.direction IS NULL OR r.direction = f.direction)
),

item_rules AS (
    SELECT
        i.batch_id,
        i.un_location_code,
        i.un_number,
        i.imo_class,
        min(f.precedence) AS precedence
    FROM stay_items AS i
    INNER JOIN fitting AS f
        ON
            f.un_location_code = i.un_location_code
            AND coalesce(f.facility_code, '') = coalesce(i.facility_code, '')
            AND coalesce(f.direction, '') = coalesce(i.direction, '')
            AND coalesce(f.un_number, '') = coalesce(i.un_number, '')
            AND f.imo_class = i.imo_class
            AND (f.valid_from IS NULL OR i.arrived_day >= f.valid_from)
            AND (f.valid_to IS NULL OR i.arrived_day <= f.valid_to)
    GROUP BY i.batch_id, i.un_location_code, i.un_number, i.imo_class
),

smallest AS (
    SELECT
        i.batch_id,
        i.un_location_code,
        min_by(r.precedence, (r.limit_hours, r.rule_id)) AS precedence
    FROM item_rules AS i
    INNER JOIN ranked_rules AS r ON r.precedence = i.precedence
    GROUP BY i.batch_id, i.un_location_code
)

SELECT
    s.batch_id,
    s.un_location_code,
    r.limit_hours,
    r.rule_id AS limit_rule_id,
    r.storage_mode,
    r.is_illustrative AS limit_is_illustrative
FROM smallest AS s
INNER JOIN ranked_rules AS r ON r.precedence = s.precedence
