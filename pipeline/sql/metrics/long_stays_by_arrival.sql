-- grain: one row a stay that lasted for a given time or longer, or has not ended, in the order of arrival
SELECT l.* FROM long_stays AS l
ORDER BY l.arrived_at
