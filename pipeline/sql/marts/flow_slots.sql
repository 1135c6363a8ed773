-- grain: one row a (port, facility, class, direction) of the stays that flow, numbered, with the time zone of its port
SELECT
    f.*,
    CAST(
        row_number() OVER (ORDER BY f.un_location_code, f.facility_code, f.lead_class, f.direction) AS BIGINT
    ) AS slot_no
FROM (
    SELECT DISTINCT un_location_code, facility_code, lead_class, direction, time_zone
    FROM flowing_stays
) AS f
