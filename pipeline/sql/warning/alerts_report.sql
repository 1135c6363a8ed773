-- grain: one row an alert or notice that was on in the days asked for, of the ports asked for
WITH told AS (
    SELECT
        p.un_location_code,
        p.level,
        p.started_on,
        array_join(
            sort_array(
                collect_list(
                    concat_ws(
                        ' ',
                        p.indicator,
                        CAST(p.first_fired_on AS STRING),
                        CASE WHEN p.last_fired_on > p.first_fired_on
                            THEN concat_ws(' ', 'to', CAST(p.last_fired_on AS STRING)) END
                    )
                )
            ),
            '; '
        ) AS points
    FROM episode_points AS p
    GROUP BY p.un_location_code, p.level, p.started_on
),

numbered AS (
    SELECT
        a.*,
        count(*) OVER (PARTITION BY a.alert_id) AS acknowledgements,
        row_number() OVER (PARTITION BY a.alert_id ORDER BY a.acknowledged_at DESC, a.entry_id DESC) AS latest_first
    FROM acknowledgements AS a
    CROSS JOIN params AS p
    WHERE a.acknowledged_at <= p.known_at
)

SELECT
    concat_ws('-', e.level, e.un_location_code, CAST(e.started_on AS STRING)) AS alert_id,
    e.level,
    e.un_location_code,
    e.started_on,
    e.ended_on,
    e.is_on,
    CASE
        WHEN e.is_on THEN CAST(NULL AS STRING)
        WHEN e.followed_by = 'alert' THEN 'became an alert'
        WHEN e.followed_by = 'notice' THEN 'one group left'
        ELSE 'faded'
    END AS ended_how,
    e.days AS days_on,
    e.groups,
    t.points,
    coalesce(n.acknowledgements, 0) AS acknowledgements,
    n.acknowledged_at,
    n.acknowledged_by,
    n.remark
FROM warning_episodes AS e
CROSS JOIN asked AS a
INNER JOIN told AS t
    ON t.un_location_code = e.un_location_code AND t.level = e.level AND t.started_on = e.started_on
LEFT JOIN numbered AS n
    ON
        n.alert_id = concat_ws('-', e.level, e.un_location_code, CAST(e.started_on AS STRING))
        AND n.latest_first = 1
WHERE
    (a.date_from IS NULL OR e.last_on >= a.date_from)
    AND (a.date_to IS NULL OR e.started_on <= a.date_to)
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR e.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
ORDER BY e.started_on DESC, e.level, e.un_location_code
