-- grain: one row a stay being written that ended in the month $ended_month (UTC), in the order that drill-downs read
SELECT * FROM written_stays
WHERE CAST(date_trunc('month', left_at) AS DATE) = CAST($ended_month AS DATE)
ORDER BY un_location_code, left_at
