-- grain: one row a week (-1: now) in which pairs are sought: how many comparisons that takes, itself and after it together
-- The newest first: -1, then backwards. Where all would be too many, the oldest weeks are left out, and the report says so.
WITH arrived AS (
    SELECT un_location_code, facility_code, block, set_b, week, count(*) AS n
    FROM sought_units
    GROUP BY un_location_code, facility_code, block, set_b, week
),

stood AS (
    SELECT un_location_code, facility_code, block, hazard_set, week, count(*) AS n
    FROM standing_weeks
    GROUP BY un_location_code, facility_code, block, hazard_set, week
),

compared AS (
    SELECT a.week, sum(a.n * b.n) AS comparisons
    FROM arrived AS a
    INNER JOIN stood AS b
        ON
            b.un_location_code = a.un_location_code
            AND b.facility_code = a.facility_code
            AND b.block = a.block
            AND b.hazard_set = a.set_b
            AND b.week = a.week
    GROUP BY a.week
)

SELECT
    c.week,
    CAST(c.comparisons AS BIGINT) AS comparisons,
    CAST(
        sum(c.comparisons) OVER (
            ORDER BY CASE WHEN c.week = -1 THEN 0 ELSE 1 END, c.week DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT
    ) AS comparisons_to
FROM compared AS c
