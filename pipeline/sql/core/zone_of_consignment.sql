-- grain: one row a live consignment, with the time zone of its port
-- view
SELECT
    c.consignment_id,
    p.time_zone
FROM consignments AS c
INNER JOIN ports AS p ON p.un_location_code = c.un_location_code
