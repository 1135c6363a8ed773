-- grain: one row a (port, facility, class of item) that ever stood there
SELECT DISTINCT
    s.un_location_code,
    coalesce(s.facility_code, '') AS facility_code,
    i.imo_class
FROM stays AS s
INNER JOIN dg_items AS i ON i.consignment_id = s.consignment_id
