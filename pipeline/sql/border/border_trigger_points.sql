-- grain: one row a (trigger, line, channel) that fired within the window of its days
SELECT
    e.hazard_type,
    e.hazard_name,
    e.origin_country,
    e.started_on,
    b.line,
    b.channel,
    min(b.day) AS first_fired_on,
    max(b.day) AS last_fired_on,
    count(*) AS days_fired
FROM border_episodes AS e
INNER JOIN alert_rules AS r ON r.indicator = 'border_trigger'
INNER JOIN border_points AS b
    ON
        b.hazard_type = e.hazard_type AND b.hazard_name = e.hazard_name AND b.origin_country = e.origin_country
        AND datediff(b.day, e.started_on) > -r.window_days AND b.day <= e.last_on
GROUP BY e.hazard_type, e.hazard_name, e.origin_country, e.started_on, b.line, b.channel
