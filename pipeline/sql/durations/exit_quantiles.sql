-- grain: one row a group of the exit clock: mean and linear-interpolated quantiles of its durations, in hours
-- Mean and deviation come from whole microseconds short of the largest, summed: the same in whatever order rows are read.
WITH ages AS (
    SELECT
        c.curve_no,
        c.exit_micros / CAST(3600000000 AS DOUBLE) AS hours,
        CAST(g.largest_micros - c.exit_micros AS DECIMAL(19, 0)) AS short_micros,
        g.largest_micros
    FROM clocked_spells AS c
    INNER JOIN group_ages AS g ON g.curve_no = c.curve_no
    WHERE c.clock = 'exit' AND NOT c.is_left_out
),

summed AS (
    SELECT
        a.curve_no,
        CAST(count(*) AS DOUBLE) AS n,
        max(a.largest_micros) AS largest_micros,
        CAST(sum(a.short_micros) AS DOUBLE) / 3600000000 AS short_hours,
        CAST(sum(a.short_micros * a.short_micros) AS DOUBLE) / 3600000000 / 3600000000 AS short_square_hours,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY a.hours) AS median_hours,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY a.hours) AS p90_hours
    FROM ages AS a
    GROUP BY a.curve_no
),

-- Some engines cut the weight of the upper neighbour to six digits: it is taken anew from the two neighbours.
neighbours AS (
    SELECT
        a.curve_no,
        max(CASE WHEN a.hours <= s.p90_hours THEN a.hours END) AS below,
        min(CASE WHEN a.hours >= s.p90_hours THEN a.hours END) AS above,
        sum(CASE WHEN a.hours <= s.p90_hours THEN 1 ELSE 0 END) AS n_below
    FROM ages AS a
    INNER JOIN summed AS s ON s.curve_no = a.curve_no
    GROUP BY a.curve_no
)

SELECT
    s.curve_no,
    s.largest_micros / CAST(3600000000 AS DOUBLE) - s.short_hours / s.n AS mean_hours,
    CASE
        WHEN s.n > 1
            THEN sqrt(greatest(s.short_square_hours - s.short_hours * s.short_hours / s.n, 0) / (s.n - 1))
    END AS sd_hours,
    s.median_hours,
    CASE
        WHEN b.below = b.above THEN b.below
        ELSE b.below + (b.above - b.below) * ((s.n - 1) * CAST(0.9 AS DOUBLE) - (b.n_below - 1))
    END AS p90_hours
FROM summed AS s
INNER JOIN neighbours AS b ON b.curve_no = s.curve_no
