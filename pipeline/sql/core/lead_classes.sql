-- grain: one row a live batch with items: the class of the item with the gravest hazard, subsidiary risks counted for the rank
WITH class_ranks AS (
    SELECT
        d.imo_class,
        coalesce(own.hazard_rank, division.hazard_rank, 9999) AS hazard_rank
    FROM (
        SELECT imo_class FROM dg_items
        UNION
        SELECT subsidiary_risk_1 FROM dg_items
        UNION
        SELECT subsidiary_risk_2 FROM dg_items
    ) AS d
    LEFT JOIN imdg_classes AS own ON own.code = d.imo_class
    LEFT JOIN imdg_classes AS division ON division.code = regexp_replace(d.imo_class, '[A-Z]+$', '')
    WHERE d.imo_class IS NOT NULL
),

ranked AS (
    SELECT
        i.consignment_id,
        i.imo_class,
        least(own.hazard_rank, coalesce(one.hazard_rank, 9999), coalesce(two.hazard_rank, 9999)) AS hazard_rank,
        own.hazard_rank AS own_rank
    FROM dg_items AS i
    INNER JOIN class_ranks AS own ON own.imo_class = i.imo_class
    LEFT JOIN class_ranks AS one ON one.imo_class = i.subsidiary_risk_1
    LEFT JOIN class_ranks AS two ON two.imo_class = i.subsidiary_risk_2
)

SELECT
    consignment_id,
    min_by(imo_class, (hazard_rank, own_rank, imo_class)) AS lead_class,
    min(hazard_rank) AS hazard_rank,
    min_by(own_rank, (hazard_rank, own_rank, imo_class)) AS class_rank
FROM ranked
GROUP BY consignment_id
