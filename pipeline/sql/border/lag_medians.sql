-- grain: one row a kind of notice, and one of all: the median of days to the first interception, those not reached censored
WITH kinds AS (
    SELECT alert_type AS kind, lag_days, is_reached FROM notice_lags
    UNION ALL
    SELECT 'all' AS kind, lag_days, is_reached FROM notice_lags
),

steps AS (
    SELECT
        k.kind,
        k.lag_days,
        sum(CASE WHEN k.is_reached THEN 1 ELSE 0 END) AS reached,
        count(*) AS gone
    FROM kinds AS k
    GROUP BY k.kind, k.lag_days
),

risks AS (
    SELECT
        s.kind,
        s.lag_days,
        s.reached,
        sum(s.gone) OVER (
            PARTITION BY s.kind ORDER BY s.lag_days DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS at_risk
    FROM steps AS s
),

curve AS (
    SELECT
        r.kind,
        r.lag_days,
        sum(CASE WHEN r.reached < r.at_risk THEN ln(1 - r.reached / CAST(r.at_risk AS DOUBLE)) ELSE -1000 END) OVER (
            PARTITION BY r.kind ORDER BY r.lag_days ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS log_survival
    FROM risks AS r
    WHERE r.reached > 0
),

medians AS (
    SELECT c.kind, min(c.lag_days) AS median_days
    FROM curve AS c
    WHERE exp(c.log_survival) <= 0.5 + 1e-12
    GROUP BY c.kind
),

counts AS (
    SELECT
        k.kind,
        count(*) AS notices,
        sum(CASE WHEN k.is_reached THEN 1 ELSE 0 END) AS reached,
        sum(CASE WHEN k.is_reached THEN 0 ELSE 1 END) AS not_reached
    FROM kinds AS k
    GROUP BY k.kind
)

SELECT
    n.kind AS alert_type,
    CAST(n.notices AS BIGINT) AS notices,
    CAST(n.reached AS BIGINT) AS reached,
    CAST(n.not_reached AS BIGINT) AS not_reached,
    m.median_days,
    CASE WHEN m.median_days IS NULL THEN 'not_reached_median' ELSE '' END AS flags
FROM counts AS n
LEFT JOIN medians AS m ON m.kind = n.kind
ORDER BY CASE WHEN n.kind = 'all' THEN 0 ELSE 1 END, n.kind
