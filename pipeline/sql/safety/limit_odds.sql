-- grain: one row a (batch of the limit clock, pool): how many of the pool are at risk now and at the limit, and survival between
-- Survival between two ages is the product of (1 - ended / at risk) over the ages after the first up to the second.
-- Logarithms and variances are summed as decimals: exact, and the same in whatever order an engine adds.
WITH points AS (
    SELECT
        b.batch_id,
        b.un_location_code AS batch_port,
        q.pool,
        b.lead_class,
        q.point,
        CASE WHEN q.point = 'now' THEN b.age_micros ELSE b.limit_micros END AS age_micros
    FROM limit_batches AS b
    INNER JOIN (
        SELECT DISTINCT un_location_code AS pool, point
        FROM pool_spells
        CROSS JOIN (SELECT 'now' AS point UNION ALL SELECT 'limit' AS point) AS k
    ) AS q ON q.pool = b.un_location_code OR q.pool = 'all'
),

changes AS (
    SELECT un_location_code AS pool, lead_class, entry_micros AS age_micros, 1 AS entered, 0 AS exited, 0 AS ended
    FROM pool_spells
    UNION ALL
    SELECT un_location_code AS pool, lead_class, exit_micros AS age_micros, 0 AS entered, 1 AS exited, ended
    FROM pool_spells
),

summed AS (
    SELECT
        pool,
        lead_class,
        age_micros,
        sum(entered - exited) AS change,
        sum(ended) AS ended
    FROM changes
    GROUP BY pool, lead_class, age_micros
),

stepped AS (
    SELECT
        s.*,
        coalesce(
            sum(s.change) OVER (
                PARTITION BY s.pool, s.lead_class ORDER BY s.age_micros
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS at_risk
    FROM summed AS s
),

together AS (
    SELECT
        t.pool,
        t.lead_class,
        t.age_micros,
        0 AS is_point,
        t.change,
        CASE WHEN t.ended > 0 AND t.ended < t.at_risk THEN ln((t.at_risk - t.ended) / CAST(t.at_risk AS DOUBLE))
            ELSE 0 END AS log_factor,
        CASE WHEN t.ended > 0 AND t.ended >= t.at_risk THEN 1 ELSE 0 END AS ends_all,
        CASE
            WHEN t.ended > 0 AND t.ended < t.at_risk
                THEN t.ended / (CAST(t.at_risk AS DOUBLE) * (t.at_risk - t.ended))
            ELSE 0
        END AS greenwood_term,
        CAST(NULL AS STRING) AS batch_id,
        CAST(NULL AS STRING) AS batch_port,
        CAST(NULL AS STRING) AS point
    FROM stepped AS t
    UNION ALL
    SELECT
        p.pool, p.lead_class, p.age_micros, 1 AS is_point, 0 AS change, 0 AS log_factor, 0 AS ends_all,
        0 AS greenwood_term, p.batch_id, p.batch_port, p.point
    FROM points AS p
),

running AS (
    SELECT
        g.batch_id,
        g.batch_port,
        g.pool,
        g.point,
        g.is_point,
        sum(g.change) OVER upto AS at_risk,
        CAST(sum(CAST(g.log_factor AS DECIMAL(38, 18))) OVER upto AS DECIMAL(38, 18)) AS log_survival,
        sum(g.ends_all) OVER upto AS ends_all,
        CAST(sum(CAST(g.greenwood_term AS DECIMAL(38, 18))) OVER upto AS DECIMAL(38, 18)) AS greenwood
    FROM together AS g
    WINDOW upto AS (
        PARTITION BY g.pool, g.lead_class ORDER BY g.age_micros, g.is_point
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

paired AS (
    SELECT
        r.batch_id,
        r.batch_port,
        r.pool,
        max(CASE WHEN r.point = 'now' THEN r.at_risk END) AS at_risk_now,
        max(CASE WHEN r.point = 'limit' THEN r.at_risk END) AS at_risk_at_limit,
        max(CASE WHEN r.point = 'limit' THEN r.log_survival END)
        - max(CASE WHEN r.point = 'now' THEN r.log_survival END) AS log_survival,
        max(CASE WHEN r.point = 'limit' THEN r.ends_all END)
        - max(CASE WHEN r.point = 'now' THEN r.ends_all END) AS ends_all,
        max(CASE WHEN r.point = 'limit' THEN r.greenwood END)
        - max(CASE WHEN r.point = 'now' THEN r.greenwood END) AS greenwood
    FROM running AS r
    WHERE r.is_point = 1
    GROUP BY r.batch_id, r.batch_port, r.pool
)

SELECT
    p.batch_id,
    p.batch_port,
    p.pool,
    CAST(p.at_risk_now AS BIGINT) AS at_risk_now,
    CAST(p.at_risk_at_limit AS BIGINT) AS at_risk_at_limit,
    CASE WHEN p.ends_all > 0 THEN CAST(0 AS DOUBLE) ELSE exp(CAST(p.log_survival AS DOUBLE)) END AS stays_share,
    CAST(p.greenwood AS DOUBLE) AS greenwood
FROM paired AS p
