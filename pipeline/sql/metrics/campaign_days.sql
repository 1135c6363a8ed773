-- grain: one row a scope and local day of the campaign that as_of has seen
WITH seen_days AS (
    SELECT
        w.un_location_code,
        w.time_zone,
        c.day AS campaign_date,
        datediff(c.day, k.starts_on) + 1 AS campaign_day
    FROM campaign_windows AS w
    CROSS JOIN chosen_campaign AS k
    INNER JOIN calendar AS c ON c.day >= k.starts_on AND c.day < k.day_after_end AND c.day <= w.as_of_day
),

ports_with_batches AS (
    SELECT DISTINCT w.un_location_code
    FROM campaign_windows AS w
    WHERE
        w.un_location_code IN (SELECT s.un_location_code FROM counted AS s)
        OR w.un_location_code IN (SELECT c.un_location_code FROM consignments_asked AS c)
),

changes AS (
    SELECT
        s.un_location_code,
        CASE
            WHEN s.is_opening THEN k.starts_on
            ELSE CAST(
                timestamp_micros(unix_micros(s.overdue_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
            )
        END AS change_day,
        1 AS remaining_change,
        0 AS cleared
    FROM campaign_stays AS s
    CROSS JOIN chosen_campaign AS k
    INNER JOIN zone_offsets AS o
        ON o.time_zone = s.time_zone AND s.overdue_at >= o.utc_from AND s.overdue_at < o.utc_until
    UNION ALL
    SELECT
        s.un_location_code,
        CAST(
            timestamp_micros(unix_micros(s.left_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS change_day,
        -1 AS remaining_change,
        CASE WHEN s.is_relocated THEN 0 ELSE 1 END AS cleared
    FROM campaign_stays AS s
    INNER JOIN zone_offsets AS o
        ON o.time_zone = s.time_zone AND s.left_at >= o.utc_from AND s.left_at < o.utc_until
    WHERE s.is_gone
),

daily AS (
    SELECT
        d.un_location_code,
        d.campaign_date,
        d.campaign_day,
        coalesce(sum(c.remaining_change), 0) AS remaining_change,
        coalesce(sum(c.cleared), 0) AS cleared
    FROM seen_days AS d
    INNER JOIN ports_with_batches AS b ON b.un_location_code = d.un_location_code
    LEFT JOIN changes AS c ON c.un_location_code = d.un_location_code AND c.change_day = d.campaign_date
    GROUP BY d.un_location_code, d.campaign_date, d.campaign_day
),

scoped AS (
    SELECT un_location_code AS scope, campaign_date, campaign_day, remaining_change, cleared FROM daily
    UNION ALL
    SELECT 'all' AS scope, campaign_date, campaign_day, sum(remaining_change), sum(cleared)
    FROM daily
    GROUP BY campaign_date, campaign_day
)

SELECT
    s.scope,
    s.campaign_date AS day_date,
    s.campaign_day AS day,
    CAST(sum(s.remaining_change) OVER (
        PARTITION BY s.scope ORDER BY s.campaign_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS BIGINT) AS remaining,
    CAST(sum(s.cleared) OVER (
        PARTITION BY s.scope ORDER BY s.campaign_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS BIGINT) AS cleared,
    CASE
        WHEN s.scope = 'all' THEN k.target_cleared * s.campaign_day / CAST(k.days AS DOUBLE)
    END AS target_line
FROM scoped AS s
CROSS JOIN chosen_campaign AS k
ORDER BY CASE WHEN s.scope = 'all' THEN 0 ELSE 1 END, s.scope, s.campaign_date
