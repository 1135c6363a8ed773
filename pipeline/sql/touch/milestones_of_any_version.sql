-- grain: one row a landed milestone of the scope and an instant that it may stand for, in its port's zone or the default one
SELECT
    timestamp_micros(
        unix_micros(m.occurred_at_given)
        - coalesce(CASE WHEN m.occurred_at_is_local THEN o.offset_seconds END, 0) * CAST(1000000 AS BIGINT)
    ) AS occurred_at
FROM landed_clearance_milestones AS m
CROSS JOIN params AS p
LEFT JOIN zone_of_consignment AS z ON z.consignment_id = m.consignment_id
LEFT JOIN zone_offsets AS o
    ON
        o.time_zone IN (coalesce(z.time_zone, p.default_zone), p.default_zone)
        AND m.occurred_at_given >= o.local_from AND m.occurred_at_given < o.local_until
