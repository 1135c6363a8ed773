-- grain: one row a batch of which any item tells a temperature that it must not reach: the gravest of those
-- A control temperature, else a self-accelerating decomposition temperature, comes before any flashpoint of the batch.
WITH told AS (
    SELECT
        i.consignment_id,
        coalesce(i.control_temp_c, i.sadt_c, i.flashpoint_c) AS heat_limit_c,
        CASE
            WHEN i.control_temp_c IS NOT NULL THEN 'control_temperature'
            WHEN i.sadt_c IS NOT NULL THEN 'decomposition'
            ELSE 'flashpoint'
        END AS heat_basis,
        i.item_no
    FROM dg_items AS i
    WHERE coalesce(i.control_temp_c, i.sadt_c, i.flashpoint_c) IS NOT NULL
),

ordered AS (
    SELECT
        t.*,
        row_number() OVER (
            PARTITION BY t.consignment_id
            ORDER BY
                CASE WHEN t.heat_basis = 'flashpoint' THEN 1 ELSE 0 END, t.heat_limit_c, t.heat_basis, t.item_no
        ) AS limit_order
    FROM told AS t
)

SELECT consignment_id, heat_limit_c, heat_basis
FROM ordered
WHERE limit_order = 1
