-- grain: one row: the latest instant of an actual move or a milestone live at known_at; null where there is none
-- A local time is at most 14 hours from its instant: milestones told two days before the latest cannot be the latest.
WITH latest_given AS (
    SELECT max(occurred_at_given) AS occurred_at_given
    FROM live_milestones
),

late_milestones AS (
    SELECT m.*
    FROM live_milestones AS m
    CROSS JOIN latest_given AS l
    WHERE unix_micros(m.occurred_at_given) >= unix_micros(l.occurred_at_given) - CAST(172800000000 AS BIGINT)
)

SELECT max(latest_at) AS as_of
FROM (
    SELECT max(event_at) AS latest_at FROM actual_moves
    UNION ALL
    SELECT
        max(
            timestamp_micros(
                unix_micros(m.occurred_at_given)
                - coalesce(CASE WHEN m.occurred_at_is_local THEN o.offset_seconds END, 0) * CAST(1000000 AS BIGINT)
            )
        ) AS latest_at
    FROM late_milestones AS m
    CROSS JOIN params AS p
    LEFT JOIN zone_of_consignment AS z ON z.consignment_id = m.consignment_id
    LEFT JOIN zone_offsets AS o
        ON
            o.time_zone = coalesce(z.time_zone, p.default_zone)
            AND m.occurred_at_given >= o.local_from AND m.occurred_at_given < o.local_until
) AS latest
