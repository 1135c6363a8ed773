-- grain: one row a live domestic action opened at or before as_of, with the hazard of what it is linked to
WITH live AS (
    SELECT d.*
    FROM landed_domestic_actions AS d
    CROSS JOIN params AS p
    WHERE
        d._known_at <= p.known_at
        AND NOT coalesce(d.voided, FALSE)
        AND d.opened_at <= p.as_of
        AND NOT EXISTS (
            SELECT 1 FROM losers_plain AS l
            WHERE l.source = 'domestic_actions' AND l._file_seq = d._file_seq AND l._line = d._line
        )
),

linkable AS (
    SELECT alert_id AS linked_id, hazard_type, hazard_name, origin_country, 1 AS choice FROM border_notices
    UNION ALL
    SELECT interception_id AS linked_id, hazard_type, hazard_name, origin_country, 2 AS choice FROM caught
),

chosen AS (
    SELECT
        k.*,
        row_number() OVER (PARTITION BY k.linked_id ORDER BY k.choice) AS choice_no
    FROM linkable AS k
)

SELECT
    d.action_id,
    d.agency,
    d.action_type,
    d.linked_id,
    c.hazard_type,
    c.hazard_name,
    c.origin_country,
    d.opened_at,
    CASE WHEN d.closed_at <= p.as_of THEN d.closed_at END AS closed_at,
    d.closed_at IS NULL OR d.closed_at > p.as_of AS is_open,
    CASE WHEN d.closed_at IS NULL OR d.closed_at > p.as_of
        THEN (unix_micros(p.as_of) - unix_micros(d.opened_at)) / CAST(86400000000 AS DOUBLE) END AS open_days,
    CASE WHEN d.closed_at <= p.as_of
        THEN (unix_micros(d.closed_at) - unix_micros(d.opened_at)) / CAST(86400000000 AS DOUBLE) END AS took_days,
    CASE WHEN d.closed_at <= p.as_of THEN d.outcome END AS outcome,
    CAST(
        timestamp_micros(unix_micros(d.opened_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS day
FROM live AS d
CROSS JOIN params AS p
INNER JOIN zone_offsets AS o
    ON o.time_zone = p.default_zone AND d.opened_at >= o.utc_from AND d.opened_at < o.utc_until
LEFT JOIN chosen AS c ON c.linked_id = d.linked_id AND c.choice_no = 1
