-- grain: one row a stay that lasted for a given time or longer, or has not ended, by port in the order of arrival
SELECT l.* FROM long_stays AS l
ORDER BY l.un_location_code, l.arrived_at
