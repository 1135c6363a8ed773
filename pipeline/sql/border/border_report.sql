-- grain: one row a trigger that was on in the days asked for, the latest first
WITH told AS (
    SELECT
        p.hazard_type, p.hazard_name, p.origin_country, p.started_on,
        array_join(
            sort_array(
                collect_list(
                    concat_ws(
                        ' ',
                        p.line,
                        CASE WHEN p.channel <> '' THEN p.channel END,
                        CAST(p.first_fired_on AS STRING),
                        CASE WHEN p.last_fired_on > p.first_fired_on
                            THEN concat_ws(' ', 'to', CAST(p.last_fired_on AS STRING)) END
                    )
                )
            ),
            '; '
        ) AS points
    FROM border_trigger_points AS p
    GROUP BY p.hazard_type, p.hazard_name, p.origin_country, p.started_on
)

SELECT
    e.hazard_type,
    e.hazard_name,
    CASE WHEN e.origin_country <> '' THEN e.origin_country END AS origin_country,
    e.started_on,
    e.last_on,
    e.is_on,
    e.days AS days_on,
    e.most_points,
    t.points,
    s.hazard_name IS NOT NULL AS is_escalated,
    s.bans,
    s.first_detections
FROM border_episodes AS e
CROSS JOIN asked AS a
INNER JOIN told AS t
    ON
        t.hazard_type = e.hazard_type AND t.hazard_name = e.hazard_name
        AND t.origin_country = e.origin_country AND t.started_on = e.started_on
LEFT JOIN border_escalations AS s
    ON
        s.hazard_type = e.hazard_type AND s.hazard_name = e.hazard_name
        AND s.origin_country = e.origin_country AND s.started_on = e.started_on
WHERE
    (a.date_from IS NULL OR e.last_on >= a.date_from)
    AND (a.date_to IS NULL OR e.started_on <= a.date_to)
ORDER BY e.started_on DESC, e.hazard_type, e.hazard_name, e.origin_country NULLS LAST
