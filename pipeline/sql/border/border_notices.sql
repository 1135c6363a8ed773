-- grain: one row a live announcement, warning, alert or ban issued at or before as_of, with what superseded it by then
WITH live AS (
    SELECT a.*
    FROM landed_risk_alerts AS a
    CROSS JOIN params AS p
    WHERE
        a._known_at <= p.known_at
        AND NOT coalesce(a.voided, FALSE)
        AND a.issued_at <= p.as_of
        AND NOT EXISTS (
            SELECT 1 FROM losers_plain AS l
            WHERE l.source = 'risk_alerts' AND l._file_seq = a._file_seq AND l._line = a._line
        )
),

later AS (
    SELECT
        n.supersedes AS alert_id,
        n.alert_id AS superseded_by,
        n.issued_at AS superseded_at,
        row_number() OVER (PARTITION BY n.supersedes ORDER BY n.issued_at, n.alert_id) AS first_first
    FROM live AS n
    INNER JOIN live AS o ON o.alert_id = n.supersedes
    WHERE n.supersedes <> n.alert_id AND n.issued_at >= o.issued_at
),

placed AS (
    SELECT
        a.*,
        l.superseded_by,
        l.superseded_at,
        CASE
            WHEN a.effective_to IS NULL THEN l.superseded_at
            WHEN l.superseded_at IS NULL THEN a.effective_to
            ELSE least(a.effective_to, l.superseded_at)
        END AS over_at
    FROM live AS a
    LEFT JOIN later AS l ON l.alert_id = a.alert_id AND l.first_first = 1
)

SELECT
    a.alert_id,
    a.line,
    a.alert_type,
    a.hazard_type,
    a.hazard_name,
    a.origin_country,
    a.commodity,
    a.issued_at,
    a.effective_to,
    a.supersedes,
    a.superseded_by,
    a.superseded_at,
    a.over_at,
    a.over_at IS NULL OR a.over_at > p.as_of AS is_active,
    CASE
        WHEN a.over_at IS NULL OR a.over_at > p.as_of THEN 'active'
        WHEN a.superseded_at IS NOT NULL AND (a.effective_to IS NULL OR a.superseded_at < a.effective_to) THEN 'superseded'
        ELSE 'ended'
    END AS state,
    CASE WHEN a.over_at > p.as_of
        THEN (unix_micros(a.over_at) - unix_micros(p.as_of)) / CAST(86400000000 AS DOUBLE) END AS ends_in_days,
    CAST(
        timestamp_micros(unix_micros(a.issued_at) + o.offset_seconds * CAST(1000000 AS BIGINT)) AS DATE
    ) AS day
FROM placed AS a
CROSS JOIN params AS p
INNER JOIN zone_offsets AS o
    ON o.time_zone = p.default_zone AND a.issued_at >= o.utc_from AND a.issued_at < o.utc_until
