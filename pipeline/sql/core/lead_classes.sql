-- grain: one row a live batch with items: the class of the item with the gravest hazard, subsidiary risks counted for the rank
WITH used AS (
    SELECT DISTINCT imo_class, subsidiary_risk_1, subsidiary_risk_2
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

-- Few kinds of items are in use: they are put in order once, and a batch has the first of its items' places.
kinds AS (
    SELECT
        k.imo_class,
        coalesce(k.subsidiary_risk_1, '') AS subsidiary_risk_1,
        coalesce(k.subsidiary_risk_2, '') AS subsidiary_risk_2,
        least(own.hazard_rank, coalesce(one.hazard_rank, 9999), coalesce(two.hazard_rank, 9999)) AS hazard_rank,
        own.hazard_rank AS own_rank
    FROM used AS k
    INNER JOIN class_ranks AS own ON own.imo_class = k.imo_class
    LEFT JOIN class_ranks AS one ON one.imo_class = k.subsidiary_risk_1
    LEFT JOIN class_ranks AS two ON two.imo_class = k.subsidiary_risk_2
),

ordered AS (
    SELECT
        k.*,
        row_number() OVER (
            ORDER BY k.hazard_rank, k.own_rank, k.imo_class, k.subsidiary_risk_1, k.subsidiary_risk_2
        ) AS place
    FROM kinds AS k
),

gravest AS (
    SELECT
        i.consignment_id,
        min(o.place) AS place
    FROM item_kinds AS i
    INNER JOIN ordered AS o
        ON
            o.imo_class = i.imo_class
            AND o.subsidiary_risk_1 = coalesce(i.subsidiary_risk_1, '')
            AND o.subsidiary_risk_2 = coalesce(i.subsidiary_risk_2, '')
    GROUP BY i.consignment_id
)

SELECT
    g.consignment_id,
    o.imo_class AS lead_class,
    o.hazard_rank,
    o.own_rank AS class_rank
FROM gravest AS g
INNER JOIN ordered AS o ON o.place = g.place
