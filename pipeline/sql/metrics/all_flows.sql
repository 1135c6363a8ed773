-- grain: one row a (local day, port, facility, class, direction, age bucket) of ended stays kept by the lake, and of the rest
-- view
SELECT
    flow_day, un_location_code, facility_code, lead_class, direction, age_bucket,
    stock_change, backlog_change, arrivals, exits, newly_overdue
FROM ended_flows
UNION ALL
SELECT
    flow_day, un_location_code, facility_code, lead_class, direction, age_bucket,
    stock_change, backlog_change, arrivals, exits, newly_overdue
FROM flows
