-- grain: one row a (port, local day, indicator) whose value can be had: the value, its limit, whether it fired
WITH told AS (
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM backlog_watch
    UNION ALL
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM newly_overdue_watch
    UNION ALL
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM oldest_age_watch
    UNION ALL
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM licensed_stock_watch
    UNION ALL
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM heat_watch
    UNION ALL
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM misdeclaration_watch
    UNION ALL
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM gate_out_watch
    UNION ALL
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM ghost_watch
    UNION ALL
    SELECT un_location_code, day, indicator, value, limit_value, has_fired FROM silence_watch
)

SELECT
    t.un_location_code,
    t.day,
    t.indicator,
    r.points_group,
    r.value_unit AS unit,
    t.value,
    t.limit_value,
    coalesce(t.has_fired, FALSE) AS has_fired
FROM told AS t
INNER JOIN alert_rules AS r ON r.indicator = t.indicator
