-- grain: one row a batch that passes its limit within 168 hours, the soonest first, and the chance that it leaves before
-- The pool of its class and port where enough of it are at risk now and the curve at the limit is not thin, else that of
-- its class at all ports, else too few.
WITH told AS (
    SELECT
        o.*,
        row_number() OVER (
            PARTITION BY o.batch_id, o.batch_port ORDER BY CASE WHEN o.pool = 'all' THEN 1 ELSE 0 END
        ) AS pool_order
    FROM limit_odds AS o
    CROSS JOIN safety_set AS v
    WHERE
        o.at_risk_now >= v.survival_min_at_risk
        AND (o.at_risk_at_limit >= 5 OR o.stays_share <= 0.1)
),

banded AS (
    SELECT
        t.*,
        CASE
            WHEN t.stays_share > 0 AND t.stays_share < 1
                THEN 1.959964 * sqrt(t.greenwood) / abs(ln(t.stays_share))
        END AS log_log_reach
    FROM told AS t
    WHERE t.pool_order = 1
)

SELECT
    b.consignment_id,
    b.un_location_code,
    b.facility_code,
    b.direction,
    b.lead_class,
    b.units,
    b.arrived_at,
    b.age_micros / CAST(3600000000 AS DOUBLE) AS age_hours,
    b.limit_hours,
    b.overdue_at,
    b.hours_to_limit,
    b.within_hours,
    1 - o.stays_share AS leaves_before_share,
    CASE WHEN o.log_log_reach IS NOT NULL THEN 1 - exp(-exp(ln(-ln(o.stays_share)) - o.log_log_reach)) END
        AS lower_share,
    CASE WHEN o.log_log_reach IS NOT NULL THEN 1 - exp(-exp(ln(-ln(o.stays_share)) + o.log_log_reach)) END
        AS upper_share,
    CASE WHEN o.pool IS NULL THEN 'too_few' WHEN o.pool = 'all' THEN 'class' ELSE 'class_and_port' END AS pool,
    o.at_risk_now AS n_at_risk,
    CAST(v.survival_window_days AS BIGINT) AS window_days,
    b.limit_rule_id,
    b.rule_valid_from,
    b.rule_valid_to,
    b.is_dated_rule,
    b.limit_is_illustrative,
    b.first_unit AS equipment_reference
FROM limit_batches AS b
CROSS JOIN safety_set AS v
LEFT JOIN banded AS o ON o.batch_id = b.batch_id AND o.batch_port = b.un_location_code
ORDER BY b.overdue_at, b.un_location_code, b.consignment_id NULLS LAST, b.first_unit
