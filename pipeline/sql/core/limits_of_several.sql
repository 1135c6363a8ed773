-- grain: one row a stay whose goods are of several kinds: the smallest of their limits
SELECT
    s.batch_id,
    s.un_location_code,
    min(l.limit_place) AS limit_place
FROM stay_kinds AS s
INNER JOIN kind_limits AS l
    ON
        l.un_location_code = s.un_location_code
        AND l.facility_code = coalesce(s.facility_code, '')
        AND l.direction = coalesce(s.direction, '')
        AND l.kind_no = s.kind_no
        AND s.arrived_day >= l.begins_on
        AND s.arrived_day < l.ends_before
GROUP BY s.batch_id, s.un_location_code
