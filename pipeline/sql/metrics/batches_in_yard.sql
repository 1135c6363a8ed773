-- grain: one row a unit of count in the yard at the instant looked at, oldest first
WITH present AS (
    SELECT
        s.*,
        l.looked_at,
        l.is_day_end,
        (unix_micros(l.looked_at) - unix_micros(s.arrived_at)) / CAST(3600000000 AS DOUBLE) AS age_hours,
        coalesce(
            CASE WHEN l.is_day_end THEN s.overdue_at < l.looked_at ELSE s.overdue_at <= l.looked_at END, FALSE
        ) AS is_overdue
    FROM counted AS s
    INNER JOIN looked_at AS l ON l.un_location_code = s.un_location_code
    WHERE
        (
            l.is_day_end AND s.arrived_at < l.looked_at AND (s.left_at IS NULL OR s.left_at >= l.looked_at)
        )
        OR (
            NOT l.is_day_end AND s.arrived_at <= l.looked_at AND (s.left_at IS NULL OR s.left_at > l.looked_at)
        )
),

bucketed AS (
    SELECT
        p.*,
        b.lower_days AS age_bucket
    FROM present AS p
    INNER JOIN age_buckets AS b
        ON
            CASE WHEN p.is_day_end THEN p.age_hours > b.lower_days * 24 OR b.lower_days = 0
                ELSE p.age_hours >= b.lower_days * 24 END
            AND (
                b.upper_days IS NULL
                OR CASE WHEN p.is_day_end THEN p.age_hours <= b.upper_days * 24
                    ELSE p.age_hours < b.upper_days * 24 END
            )
)

SELECT
    b.consignment_id,
    b.un_location_code,
    b.facility_code,
    CASE WHEN a.block IS NULL THEN b.block ELSE c.block END AS block,
    b.direction,
    b.lead_class,
    b.units,
    b.arrived_at,
    b.left_at,
    b.age_hours,
    b.age_bucket,
    b.limit_hours,
    b.limit_rule_id,
    b.limit_is_illustrative,
    b.overdue_at,
    b.is_overdue,
    CASE
        WHEN b.is_overdue
            THEN (unix_micros(b.looked_at) - unix_micros(b.overdue_at)) / CAST(3600000000 AS DOUBLE)
    END AS overdue_hours,
    b.exit_type,
    b.first_unit AS equipment_reference
FROM bucketed AS b
LEFT JOIN blocks_then AS c ON c.batch_id = b.batch_id AND c.un_location_code = b.un_location_code
CROSS JOIN asked_cell AS a
WHERE
    (a.facility_code IS NULL OR coalesce(b.facility_code, '') = a.facility_code)
    AND (a.block IS NULL OR (c.batch_id IS NOT NULL AND coalesce(c.block, '') = a.block))
    AND (a.age_bucket IS NULL OR b.age_bucket = a.age_bucket)
    AND (NOT a.overdue_only OR b.is_overdue)
ORDER BY b.arrived_at, b.un_location_code, b.consignment_id NULLS LAST, b.first_unit
