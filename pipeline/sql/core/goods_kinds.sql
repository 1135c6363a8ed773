-- grain: one row a kind of dangerous goods that live items are of, numbered from 1, the gravest first; 0 is what nobody told
-- Few kinds are in use: their hazards are put in order once, subsidiary risks counted, and a batch has the first of its items'.
WITH used AS (
    SELECT DISTINCT un_number, imo_class, subsidiary_risk_1, subsidiary_risk_2
    FROM item_kinds
),

class_ranks AS (
    SELECT
        d.imo_class,
        coalesce(own.hazard_rank, division.hazard_rank, 9999) AS hazard_rank
    FROM (
        SELECT imo_class FROM used
        UNION
        SELECT subsidiary_risk_1 FROM used
        UNION
        SELECT subsidiary_risk_2 FROM used
    ) AS d
    LEFT JOIN imdg_classes AS own ON own.code = d.imo_class
    LEFT JOIN imdg_classes AS division ON division.code = regexp_replace(d.imo_class, '[A-Z]+$', '')
    WHERE d.imo_class IS NOT NULL
),

ranked AS (
    SELECT
        coalesce(k.un_number, '') AS un_number,
        k.imo_class,
        coalesce(k.subsidiary_risk_1, '') AS subsidiary_risk_1,
        coalesce(k.subsidiary_risk_2, '') AS subsidiary_risk_2,
        least(own.hazard_rank, coalesce(one.hazard_rank, 9999), coalesce(two.hazard_rank, 9999)) AS hazard_rank,
        own.hazard_rank AS class_rank
    FROM used AS k
    INNER JOIN class_ranks AS own ON own.imo_class = k.imo_class
    LEFT JOIN class_ranks AS one ON one.imo_class = k.subsidiary_risk_1
    LEFT JOIN class_ranks AS two ON two.imo_class = k.subsidiary_risk_2
)

SELECT
    CAST(
        row_number() OVER (
            ORDER BY r.hazard_rank, r.class_rank, r.imo_class, r.subsidiary_risk_1, r.subsidiary_risk_2, r.un_number
        ) AS BIGINT
    ) AS kind_no,
    r.un_number,
    r.imo_class,
    r.subsidiary_risk_1,
    r.subsidiary_risk_2,
    r.hazard_rank,
    r.class_rank
FROM ranked AS r
UNION ALL
SELECT
    CAST(0 AS BIGINT) AS kind_no,
    '' AS un_number,
    'unidentified' AS imo_class,
    '' AS subsidiary_risk_1,
    '' AS subsidiary_risk_2,
    CAST(-1000000 AS BIGINT) AS hazard_rank,
    CAST(-1000000 AS BIGINT) AS class_rank
