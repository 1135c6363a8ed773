-- grain: one row a (port, facility, direction, kind of goods, days within which no rule begins or ends): the limit that wins
-- Which of two fitting rules wins is a property of the rules alone, so they are put in order once. Stays are of few profiles,
-- and which rules are in force changes on few days: the winner is found once a profile and period, and stays look it up.
WITH begins AS (
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
    SELECT begins_on, lead(begins_on, 1, DATE '9999-12-31') OVER (ORDER BY begins_on) AS ends_before
    FROM begins
),

profiles AS (
    SELECT un_location_code, facility_code, direction, only_kind_no AS kind_no
    FROM told_spans
    WHERE only_kind_no IS NOT NULL
    UNION
    SELECT un_location_code, facility_code, direction, kind_no
    FROM stay_kinds
),

winners AS (
    SELECT
        f.un_location_code,
        coalesce(f.facility_code, '') AS facility_code,
        coalesce(f.direction, '') AS direction,
        f.kind_no,
        p.begins_on,
        p.ends_before,
        min(r.precedence) AS precedence
    FROM profiles AS f
    INNER JOIN goods_kinds AS k ON k.kind_no = f.kind_no
    CROSS JOIN periods AS p
    INNER JOIN ordered_rules AS r
        ON
            (r.un_number IS NULL OR r.un_number = k.un_number)
            AND (r.imo_class IS NULL OR substr(k.imo_class, 1, length(r.imo_class)) = r.imo_class)
            AND (r.un_location_code IS NULL OR r.un_location_code = f.un_location_code)
            AND (r.facility_code IS NULL OR r.facility_code = f.facility_code)
            AND (r.direction IS NULL OR r.direction = f.direction)
            AND (r.valid_from IS NULL OR r.valid_from <= p.begins_on)
            AND (r.valid_to IS NULL OR r.valid_to >= p.begins_on)
    GROUP BY f.un_location_code, f.facility_code, f.direction, f.kind_no, p.begins_on, p.ends_before
)

SELECT
    w.un_location_code,
    w.facility_code,
    w.direction,
    w.kind_no,
    w.begins_on,
    w.ends_before,
    r.limit_place
FROM winners AS w
INNER JOIN ordered_rules AS r ON r.precedence = w.precedence
