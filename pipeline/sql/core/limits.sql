-- grain: one row a stay: the smallest of its items' limits, and the rule it is from
-- Which of two fitting rules wins is a property of the rules alone, so they are ranked once. Items are of few profiles, and
-- which rules are in force changes on few days: the winner is found once a profile and period, and items look it up.
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
        ) AS precedence,
        row_number() OVER (ORDER BY r.limit_hours, r.rule_id) AS limit_place
    FROM limit_rules AS r
),

begins AS (
    SELECT min(c.day) AS begins_on FROM calendar AS c
    UNION
    SELECT r.valid_from AS begins_on FROM limit_rules AS r WHERE r.valid_from IS NOT NULL
    UNION
    SELECT min(c.day) AS begins_on
    FROM limit_rules AS r
    INNER JOIN calendar AS c ON c.day > r.valid_to
    GROUP BY r.rule_id
),

periods AS (
    SELECT begins_on, lead(begins_on) OVER (ORDER BY begins_on) AS next_begins_on
    FROM begins
),

profiles AS (
    SELECT DISTINCT un_location_code, facility_code, direction, un_number, imo_class
    FROM stay_items
),

winners AS (
    SELECT
        f.un_location_code,
        coalesce(f.facility_code, '') AS facility_code,
        coalesce(f.direction, '') AS direction,
        coalesce(f.un_number, '') AS un_number,
        f.imo_class,
        p.begins_on,
        p.next_begins_on,
        min(r.precedence) AS precedence
    FROM profiles AS f
    CROSS JOIN periods AS p
    INNER JOIN ranked_rules AS r
        ON
            (r.un_number IS NULL OR r.un_number = f.un_number)
            AND (r.imo_class IS NULL OR substr(f.imo_class, 1, length(r.imo_class)) = r.imo_class)
            AND (r.un_location_code IS NULL OR r.un_location_code = f.un_location_code)
            AND (r.facility_code IS NULL OR r.facility_code = f.facility_code)
            AND (r.direction IS NULL OR r.direction = f.direction)
            AND (r.valid_from IS NULL OR r.valid_from <= p.begins_on)
            AND (r.valid_to IS NULL OR r.valid_to >= p.begins_on)
    GROUP BY
        f.un_location_code, f.facility_code, f.direction, f.un_number, f.imo_class, p.begins_on, p.next_begins_on
),

smallest AS (
    SELECT
        i.batch_id,
        i.un_location_code,
        min(r.limit_place) AS limit_place
    FROM stay_items AS i
    INNER JOIN winners AS w
        ON
            w.un_location_code = i.un_location_code
            AND w.facility_code = coalesce(i.facility_code, '')
            AND w.direction = coalesce(i.direction, '')
            AND w.un_number = coalesce(i.un_number, '')
            AND w.imo_class = i.imo_class
            AND i.arrived_day >= w.begins_on
            AND (w.next_begins_on IS NULL OR i.arrived_day < w.next_begins_on)
    INNER JOIN ranked_rules AS r ON r.precedence = w.precedence
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
INNER JOIN ranked_rules AS r ON r.limit_place = s.limit_place
