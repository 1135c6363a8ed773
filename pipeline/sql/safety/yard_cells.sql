-- grain: one row a (facility, block, bay) where any unit stands at as_of; an empty bay was not told
WITH ordered AS (
    SELECT
        y.*,
        row_number() OVER (
            PARTITION BY y.un_location_code, y.facility_code, y.block, y.bay
            ORDER BY y.hazard_rank, y.lead_class
        ) AS gravest_order
    FROM yard_plan AS y
    WHERE y.block IS NOT NULL
)

SELECT
    o.un_location_code,
    o.facility_code,
    o.block,
    o.bay,
    count(*) AS units,
    max(o.score) AS top_score,
    max(o.age_hours) AS oldest_age_hours,
    min(o.hazard_rank) AS hazard_rank,
    max(CASE WHEN o.gravest_order = 1 THEN o.lead_class END) AS lead_class,
    count(*) FILTER (WHERE o.is_overdue) AS overdue_units,
    count(*) FILTER (WHERE o.segregation_alerts > 0) AS units_in_alerts
FROM ordered AS o
GROUP BY o.un_location_code, o.facility_code, o.block, o.bay
ORDER BY o.un_location_code, o.facility_code NULLS LAST, o.block NULLS LAST, o.bay NULLS LAST
