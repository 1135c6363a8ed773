-- grain: one row a trigger that a ban or a first detection escalates: the bans in force during it, the ports of first detection
WITH bans AS (
    SELECT
        e.hazard_type, e.hazard_name, e.origin_country, e.started_on,
        array_join(sort_array(collect_list(n.alert_id)), '; ') AS bans
    FROM border_episodes AS e
    INNER JOIN border_notices AS n
        ON
            n.hazard_type = e.hazard_type AND n.hazard_name = e.hazard_name
            AND coalesce(n.origin_country, '') = e.origin_country
    INNER JOIN local_days_over AS v ON v.alert_id = n.alert_id
    WHERE n.alert_type = 'ban' AND n.day <= e.last_on AND (v.over_day IS NULL OR v.over_day >= e.started_on)
    GROUP BY e.hazard_type, e.hazard_name, e.origin_country, e.started_on
),

detections AS (
    SELECT
        e.hazard_type, e.hazard_name, e.origin_country, e.started_on,
        array_join(sort_array(collect_list(f.un_location_code)), '; ') AS first_detections
    FROM border_episodes AS e
    INNER JOIN alert_rules AS r ON r.indicator = 'border_trigger'
    INNER JOIN first_detections AS f
        ON
            f.hazard_type = e.hazard_type AND f.hazard_name = e.hazard_name
            AND datediff(f.day, e.started_on) > -r.window_days AND f.day <= e.last_on
    WHERE EXISTS (
        SELECT 1 FROM caught AS c
        WHERE
            c.un_location_code = f.un_location_code AND c.day = f.day
            AND c.hazard_type = f.hazard_type AND c.hazard_name = f.hazard_name
            AND coalesce(c.origin_country, '') = e.origin_country
    )
    GROUP BY e.hazard_type, e.hazard_name, e.origin_country, e.started_on
)

SELECT e.hazard_type, e.hazard_name, e.origin_country, e.started_on, b.bans, d.first_detections
FROM border_episodes AS e
LEFT JOIN bans AS b
    ON
        b.hazard_type = e.hazard_type AND b.hazard_name = e.hazard_name
        AND b.origin_country = e.origin_country AND b.started_on = e.started_on
LEFT JOIN detections AS d
    ON
        d.hazard_type = e.hazard_type AND d.hazard_name = e.hazard_name
        AND d.origin_country = e.origin_country AND d.started_on = e.started_on
WHERE b.bans IS NOT NULL OR d.first_detections IS NOT NULL
