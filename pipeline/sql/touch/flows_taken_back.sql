-- grain: one row a row of flows, its signs turned: what stays that changed had added
SELECT
    flow_day,
    un_location_code,
    facility_code,
    lead_class,
    direction,
    age_bucket,
    -stock_change AS stock_change,
    -backlog_change AS backlog_change,
    -arrivals AS arrivals,
    -exits AS exits,
    -newly_overdue AS newly_overdue
FROM flows
