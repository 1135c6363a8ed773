-- grain: one row a landed row that is a duplicate, or superseded at known_at, of a source whose local times wait for a port
-- Instants are brought to UTC first, so that 08:05 local and 08:05+08:00 are one and the same.
WITH instants AS (
    SELECT
        r.source,
        r.record_key,
        r.content,
        r.key_has_instant,
        r._known_at,
        r._file_seq,
        r._line,
        unix_micros(r.first_instant)
        - coalesce(CASE WHEN r.first_is_local THEN a.offset_seconds END, 0) * CAST(1000000 AS BIGINT) AS first_micros,
        unix_micros(r.second_instant)
        - coalesce(CASE WHEN r.second_is_local THEN b.offset_seconds END, 0) * CAST(1000000 AS BIGINT) AS second_micros
    FROM repeated AS r
    CROSS JOIN params AS p
    LEFT JOIN zone_of_consignment AS z ON z.consignment_id = r.consignment_id
    LEFT JOIN zone_offsets AS a
        ON
            a.time_zone = coalesce(z.time_zone, p.default_zone)
            AND r.first_instant >= a.local_from AND r.first_instant < a.local_until
    LEFT JOIN zone_offsets AS b
        ON
            b.time_zone = coalesce(z.time_zone, p.default_zone)
            AND r.second_instant >= b.local_from AND r.second_instant < b.local_until
    WHERE r.is_held_as_given
),

keyed AS (
    SELECT
        i.*,
        CASE WHEN i.key_has_instant THEN i.first_micros ELSE 0 END AS key_micros
    FROM instants AS i
),

copies AS (
    SELECT
        k.*,
        row_number() OVER (
            PARTITION BY
                k.source, k.record_key, k.key_micros, k.content,
                coalesce(k.first_micros, -1), coalesce(k.second_micros, -1)
            ORDER BY k._file_seq, k._line
        ) AS copy_no
    FROM keyed AS k
),

ranked AS (
    SELECT
        c.source,
        c._file_seq,
        c._line,
        row_number() OVER (
            PARTITION BY c.source, c.record_key, c.key_micros
            ORDER BY c._known_at DESC, c._file_seq DESC, c._line DESC
        ) AS version_no
    FROM copies AS c
    CROSS JOIN params AS p
    WHERE c.copy_no = 1 AND c._known_at <= p.known_at
)

SELECT source, _file_seq, _line, 'duplicate' AS status
FROM copies
WHERE copy_no > 1
UNION ALL
SELECT source, _file_seq, _line, 'superseded' AS status
FROM ranked
WHERE version_no > 1
