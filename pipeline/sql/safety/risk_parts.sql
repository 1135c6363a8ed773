-- grain: one row a batch in the yard at as_of: every part of its risk as told, each part empty where nobody told it
-- It stands where its earliest unit stands of those still there.
WITH quantities AS (
    SELECT
        consignment_id,
        CAST(sum(CAST(net_weight_kg AS DECIMAL(38, 6))) AS DOUBLE) AS net_kilograms,
        CAST(sum(CAST(net_explosive_content_kg AS DECIMAL(38, 6))) AS DOUBLE) AS net_explosive_kilograms,
        CAST(sum(CAST(quantity_ratio AS DECIMAL(38, 12))) AS DOUBLE) AS quantity_ratio,
        count(*) FILTER (WHERE quantity_ratio IS NULL) AS items_without_quantity
    FROM item_quantities
    GROUP BY consignment_id
),

alerts AS (
    SELECT
        b.batch_id,
        b.un_location_code,
        sum(u.segregation_alerts) AS segregation_alerts,
        max(u.segregation_severity) AS segregation_severity,
        count(*) FILTER (WHERE u.segregation_alerts IS NULL) AS units_not_compared
    FROM batch_units_now AS b
    INNER JOIN units_now AS u ON u.visit_id = b.visit_id
    GROUP BY b.batch_id, b.un_location_code
),

standing AS (
    SELECT
        b.batch_id,
        b.un_location_code,
        u.equipment_reference,
        u.block,
        u.bay,
        row_number() OVER (
            PARTITION BY b.batch_id, b.un_location_code
            ORDER BY CASE WHEN u.block IS NULL THEN 1 ELSE 0 END, u.arrived_at, u.equipment_reference
        ) AS unit_order
    FROM batch_units_now AS b
    INNER JOIN units_now AS u ON u.visit_id = b.visit_id
),

arrivals AS (
    SELECT
        s.*,
        CAST(
            timestamp_micros(unix_micros(s.arrived_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
        ) AS arrived_day
    FROM met_batches AS s
    INNER JOIN zone_offsets AS o
        ON o.time_zone = s.time_zone AND s.arrived_at >= o.utc_from AND s.arrived_at < o.utc_until
    WHERE
        (
            NOT EXISTS (SELECT 1 FROM wanted_classes)
            OR s.lead_class IN (SELECT w.code FROM wanted_classes AS w)
        )
        AND (
            NOT EXISTS (SELECT 1 FROM wanted_directions)
            OR s.direction IN (SELECT w.direction FROM wanted_directions AS w)
        )
)

SELECT
    s.batch_id,
    s.consignment_id,
    s.un_location_code,
    s.facility_code,
    u.block,
    u.bay,
    s.direction,
    s.lead_class,
    CASE WHEN s.lead_class = 'unidentified' THEN c.hazard_rank ELSE s.hazard_rank END AS hazard_rank,
    s.lead_class = 'unidentified' AS is_unidentified,
    s.units,
    coalesce(u.equipment_reference, s.first_unit) AS equipment_reference,
    s.arrived_at,
    (unix_micros(p.as_of) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE) AS age_hours,
    s.limit_hours,
    s.limit_rule_id,
    s.limit_is_illustrative,
    s.overdue_at,
    (unix_micros(s.overdue_at) - unix_micros(p.as_of)) / CAST(3600000000 AS DOUBLE) AS hours_to_limit,
    coalesce(s.overdue_at <= p.as_of, FALSE) AS is_overdue,
    CASE
        WHEN s.limit_hours > 0
            THEN (unix_micros(p.as_of) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE) / s.limit_hours
    END AS overdue_ratio,
    t.heat_limit_c,
    t.heat_basis,
    h.max_temp_c AS day_max_temp_c,
    h.day AS max_temp_on,
    t.heat_limit_c - (h.max_temp_c + v.heat_uplift_c) AS heat_margin_c,
    CASE
        WHEN datediff(n.day, s.arrived_day) + 1 > n.days_missing_to - coalesce(b.days_missing_to, 0)
            THEN n.degree_days_to - coalesce(b.degree_days_to, 0)
    END AS degree_days,
    CAST(n.days_missing_to - coalesce(b.days_missing_to, 0) AS BIGINT) AS heat_days_missing,
    q.net_kilograms,
    q.net_explosive_kilograms,
    q.quantity_ratio,
    coalesce(q.items_without_quantity, 0) AS items_without_quantity,
    coalesce(f.open_findings, 0) AS open_findings,
    CAST(a.segregation_alerts AS BIGINT) AS segregation_alerts,
    a.segregation_severity,
    coalesce(a.units_not_compared, 0) AS units_not_compared
FROM arrivals AS s
CROSS JOIN params AS p
CROSS JOIN safety_set AS v
LEFT JOIN imdg_classes AS c ON c.code = 'unidentified'
LEFT JOIN standing AS u
    ON u.batch_id = s.batch_id AND u.un_location_code = s.un_location_code AND u.unit_order = 1
LEFT JOIN heat_limits_of_batches AS t ON t.consignment_id = s.consignment_id
LEFT JOIN latest_heat AS h ON h.un_location_code = s.un_location_code
LEFT JOIN local_today AS d ON d.un_location_code = s.un_location_code
LEFT JOIN daily_heat AS n ON n.un_location_code = s.un_location_code AND n.day = d.today
LEFT JOIN daily_heat AS b
    ON b.un_location_code = s.un_location_code AND datediff(s.arrived_day, b.day) = 1
LEFT JOIN quantities AS q ON q.consignment_id = s.consignment_id
LEFT JOIN open_findings AS f ON f.consignment_id = s.consignment_id
LEFT JOIN alerts AS a ON a.batch_id = s.batch_id AND a.un_location_code = s.un_location_code
CROSS JOIN asked_place AS k
WHERE
    (k.facility_code IS NULL OR coalesce(s.facility_code, '') = k.facility_code)
    AND (k.block IS NULL OR coalesce(u.block, '') = k.block)
