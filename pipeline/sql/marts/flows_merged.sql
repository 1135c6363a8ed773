-- grain: one row a (local day, port, facility, class, direction, age bucket): the kept flows of many loads in one
SELECT
    flow_day,
    un_location_code,
    facility_code,
    lead_class,
    direction,
    age_bucket,
    CAST(sum(stock_change) AS BIGINT) AS stock_change,
    CAST(sum(backlog_change) AS BIGINT) AS backlog_change,
    CAST(sum(arrivals) AS BIGINT) AS arrivals,
    CAST(sum(exits) AS BIGINT) AS exits,
    CAST(sum(newly_overdue) AS BIGINT) AS newly_overdue
FROM kept_flows
GROUP BY flow_day, un_location_code, facility_code, lead_class, direction, age_bucket
HAVING
    sum(abs(stock_change)) + sum(abs(backlog_change)) + sum(abs(arrivals)) + sum(abs(exits))
    + sum(abs(newly_overdue)) > 0
ORDER BY lead_class, flow_day, un_location_code
