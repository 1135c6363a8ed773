-- grain: one row a live milestone at known_at, of any instant, its batch live or not
-- view
-- Only local times are looked up: most rows tell their offset.
SELECT
    m.consignment_id,
    m.milestone,
    timestamp_micros(
        unix_micros(m.occurred_at_given)
        - coalesce(CASE WHEN m.occurred_at_is_local THEN o.offset_seconds END, 0) * CAST(1000000 AS BIGINT)
    ) AS occurred_at,
    m.hold_reason,
    m.responsible_party,
    m.recorded_at,
    m._known_at,
    m._file_seq,
    m._line,
    m._warnings
FROM live_milestones AS m
CROSS JOIN params AS p
LEFT JOIN zone_of_consignment AS z
    ON z.consignment_id = CASE WHEN m.occurred_at_is_local THEN m.consignment_id END
LEFT JOIN zone_offsets AS o
    ON
        o.time_zone = CASE WHEN m.occurred_at_is_local THEN coalesce(z.time_zone, p.default_zone) END
        AND m.occurred_at_given >= o.local_from AND m.occurred_at_given < o.local_until
