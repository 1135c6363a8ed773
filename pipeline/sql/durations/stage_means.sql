-- grain: one row a (port or all, stage): its mean over the batches that left in the window, having ended every stage of theirs
-- The stages of a batch follow each other without a gap, so their means add up to the mean from arrival to exit.
-- A batch that does not pass a stage (no inspection, or lodged_released where there was one) spends no time in it.
WITH left_in_window AS (
    SELECT
        CASE WHEN a.by_port THEN c.un_location_code END AS un_location_code,
        c.arrived_at,
        c.lodged_in_port_at,
        c.inspected_at,
        c.released_at,
        c.left_at,
        c.is_impossible_order
        OR c.lodged_at IS NULL
        OR c.released_at IS NULL
        OR c.left_at < c.released_at AS is_left_out
    FROM wanted_clearances AS c
    CROSS JOIN asked AS a
    INNER JOIN asked_windows AS w ON w.un_location_code = c.un_location_code
    WHERE
        c.left_at IS NOT NULL
        AND (w.from_at IS NULL OR c.left_at >= w.from_at)
        AND (w.until_at IS NULL OR c.left_at < w.until_at)
),

counts AS (
    SELECT
        un_location_code,
        count(*) FILTER (WHERE NOT is_left_out) AS n,
        count(*) FILTER (WHERE is_left_out) AS n_left_out
    FROM left_in_window
    GROUP BY un_location_code
),

whole AS (
    SELECT * FROM left_in_window
    WHERE NOT is_left_out
),

spent AS (
    SELECT un_location_code, 1 AS place, 'arrived_lodged' AS stage, arrived_at AS began_at, lodged_in_port_at AS ended_at
    FROM whole
    UNION ALL
    SELECT un_location_code, 2 AS place, 'lodged_inspected' AS stage, lodged_in_port_at AS began_at, inspected_at AS ended_at
    FROM whole
    WHERE inspected_at IS NOT NULL
    UNION ALL
    SELECT un_location_code, 3 AS place, 'inspected_released' AS stage, inspected_at AS began_at, released_at AS ended_at
    FROM whole
    WHERE inspected_at IS NOT NULL
    UNION ALL
    SELECT un_location_code, 4 AS place, 'lodged_released' AS stage, lodged_in_port_at AS began_at, released_at AS ended_at
    FROM whole
    WHERE inspected_at IS NULL
    UNION ALL
    SELECT un_location_code, 5 AS place, 'released_left' AS stage, released_at AS began_at, left_at AS ended_at
    FROM whole
),

summed AS (
    SELECT
        un_location_code,
        place,
        stage,
        count(*) AS n_passed,
        CAST(sum(CAST(unix_micros(ended_at) - unix_micros(began_at) AS DECIMAL(38, 0))) AS DOUBLE)
        / CAST(3600000000 AS DOUBLE) AS hours
    FROM spent
    GROUP BY un_location_code, place, stage
)

SELECT
    coalesce(c.un_location_code, 'all') AS un_location_code,
    s.stage,
    s.hours / c.n AS mean_hours,
    c.n,
    s.n_passed,
    c.n_left_out
FROM counts AS c
INNER JOIN summed AS s ON coalesce(s.un_location_code, '') = coalesce(c.un_location_code, '')
WHERE c.n > 0
ORDER BY coalesce(c.un_location_code, 'all'), s.place
