-- grain: one row a (port of the campaign, whole week after its end that as_of has seen): batches newly overdue in it
WITH weeks AS (
    SELECT
        w.un_location_code,
        c.day AS week_starts_on,
        CAST(floor(datediff(c.day, k.day_after_end) / 7) AS BIGINT) + 1 AS week
    FROM campaign_windows AS w
    CROSS JOIN chosen_campaign AS k
    INNER JOIN calendar AS c ON c.day >= k.day_after_end AND datediff(w.as_of_day, c.day) > 6
    WHERE
        datediff(c.day, k.day_after_end) % 7 = 0
        AND w.un_location_code IN (SELECT f.un_location_code FROM wanted_flows AS f)
)

SELECT
    w.un_location_code,
    w.week,
    w.week_starts_on,
    CAST(coalesce(sum(f.newly_overdue), 0) AS BIGINT) AS newly_overdue
FROM weeks AS w
LEFT JOIN wanted_flows AS f
    ON
        f.un_location_code = w.un_location_code
        AND datediff(f.flow_day, w.week_starts_on) >= 0
        AND datediff(f.flow_day, w.week_starts_on) < 7
GROUP BY w.un_location_code, w.week, w.week_starts_on
ORDER BY w.un_location_code, w.week
