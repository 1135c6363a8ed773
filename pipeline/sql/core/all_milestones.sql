-- grain: one row a live milestone at known_at, of any instant, its batch live or not
-- view
-- Most rows tell their offset: only the others look up the zone of their batch's port, and no batch where there are none.
WITH zoned AS (
    SELECT
        m.*,
        o.offset_seconds
    FROM live_milestones AS m
    CROSS JOIN params AS p
    LEFT JOIN zone_of_consignment AS z ON z.consignment_id = m.consignment_id
    LEFT JOIN zone_offsets AS o
        ON
            o.time_zone = coalesce(z.time_zone, p.default_zone)
            AND m.occurred_at_given >= o.local_from AND m.occurred_at_given < o.local_until
    WHERE m.occurred_at_is_local
)

SELECT
    m.consignment_id,
    m.milestone,
    m.occurred_at_given AS occurred_at,
    m.hold_reason,
    m.responsible_party,
    m.recorded_at,
    m._known_at,
    m._file_seq,
    m._line,
    m._warnings
FROM live_milestones AS m
WHERE NOT coalesce(m.occurred_at_is_local, FALSE)
UNION ALL
SELECT
    z.consignment_id,
    z.milestone,
    timestamp_micros(
        unix_micros(z.occurred_at_given) - coalesce(z.offset_seconds, 0) * CAST(1000000 AS BIGINT)
    ) AS occurred_at,
    z.hold_reason,
    z.responsible_party,
    z.recorded_at,
    z._known_at,
    z._file_seq,
    z._line,
    z._warnings
FROM zoned AS z
