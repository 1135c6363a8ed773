-- grain: one row the whole, then one row a port of the campaign that has any batch
WITH ports_with_batches AS (
    SELECT DISTINCT w.un_location_code
    FROM campaign_windows AS w
    WHERE
        w.un_location_code IN (SELECT s.un_location_code FROM counted AS s)
        OR w.un_location_code IN (SELECT c.un_location_code FROM consignments_asked AS c)
),

inspected AS (
    SELECT
        c.un_location_code,
        f.consignment_id,
        max(CASE WHEN k.is_misdeclaration THEN 1 ELSE 0 END) AS is_misdeclared
    FROM findings AS f
    INNER JOIN consignments_asked AS c ON c.consignment_id = f.consignment_id
    INNER JOIN campaign_windows AS w ON w.un_location_code = c.un_location_code
    LEFT JOIN finding_codes AS k ON k.code = f.finding_code AND f.result = 'finding'
    WHERE f.inspected_at >= w.from_at AND f.inspected_at < w.until_at
    GROUP BY c.un_location_code, f.consignment_id
),

filed AS (
    SELECT
        c.un_location_code,
        k.case_no
    FROM cases AS k
    INNER JOIN consignments_asked AS c ON c.consignment_id = k.consignment_id
    INNER JOIN campaign_windows AS w ON w.un_location_code = c.un_location_code
    WHERE k.filed_at >= w.from_at AND k.filed_at < w.until_at
),

scopes AS (
    SELECT 'all' AS scope, un_location_code FROM ports_with_batches
    UNION ALL
    SELECT un_location_code AS scope, un_location_code FROM ports_with_batches
),

moved AS (
    SELECT
        o.scope,
        count(*) FILTER (WHERE s.is_opening) AS opening_backlog,
        count(*) FILTER (WHERE s.is_gone AND NOT s.is_relocated AND s.is_opening) AS cleared_opening,
        count(*) FILTER (WHERE s.is_gone AND NOT s.is_relocated AND s.is_new) AS cleared_new,
        count(*) FILTER (WHERE s.is_gone AND s.is_relocated) AS cleared_relocated,
        count(*) FILTER (WHERE NOT s.is_gone) AS remaining,
        count(*) FILTER (WHERE s.is_new) AS newly_overdue
    FROM scopes AS o
    INNER JOIN campaign_stays AS s ON s.un_location_code = o.un_location_code
    GROUP BY o.scope
),

found AS (
    SELECT o.scope, count(*) AS inspected_batches, sum(i.is_misdeclared) AS misdeclared_batches
    FROM scopes AS o
    INNER JOIN inspected AS i ON i.un_location_code = o.un_location_code
    GROUP BY o.scope
),

fined AS (
    SELECT o.scope, count(*) AS penalty_cases
    FROM scopes AS o
    INNER JOIN filed AS f ON f.un_location_code = o.un_location_code
    GROUP BY o.scope
),

-- The whole has the day of its ports that have a batch: another one far in the east may be a day ahead.
days AS (
    SELECT
        o.scope,
        greatest(0, least(c.days, datediff(max(w.as_of_day), c.starts_on) + 1)) AS day
    FROM (
        SELECT scope, un_location_code FROM scopes
        UNION ALL
        SELECT 'all' AS scope, w.un_location_code
        FROM campaign_windows AS w
        WHERE NOT EXISTS (SELECT 1 FROM ports_with_batches)
    ) AS o
    INNER JOIN campaign_windows AS w ON w.un_location_code = o.un_location_code
    CROSS JOIN chosen_campaign AS c
    GROUP BY o.scope, c.days, c.starts_on
)

SELECT
    d.scope,
    d.day,
    c.days,
    coalesce(m.opening_backlog, 0) AS opening_backlog,
    coalesce(m.cleared_opening, 0) AS cleared_opening,
    coalesce(m.cleared_new, 0) AS cleared_new,
    coalesce(m.cleared_relocated, 0) AS cleared_relocated,
    coalesce(m.remaining, 0) AS remaining,
    CASE WHEN d.scope = 'all' THEN c.target_cleared END AS target_cleared,
    coalesce(f.inspected_batches, 0) AS inspected_batches,
    coalesce(CAST(f.misdeclared_batches AS BIGINT), 0) AS misdeclared_batches,
    coalesce(k.penalty_cases, 0) AS penalty_cases,
    CAST(NULL AS DOUBLE) AS reduction_pct,
    CAST(NULL AS DOUBLE) AS reduction_lower_pct,
    CAST(NULL AS DOUBLE) AS reduction_upper_pct,
    coalesce(m.newly_overdue, 0) AS newly_overdue,
    CAST(NULL AS DOUBLE) AS exit_mean_reduction_pct,
    CAST('' AS STRING) AS flags
FROM days AS d
CROSS JOIN chosen_campaign AS c
LEFT JOIN moved AS m ON m.scope = d.scope
LEFT JOIN found AS f ON f.scope = d.scope
LEFT JOIN fined AS k ON k.scope = d.scope
ORDER BY CASE WHEN d.scope = 'all' THEN 0 ELSE 1 END, d.scope
