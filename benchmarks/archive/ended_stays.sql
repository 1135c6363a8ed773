-- grain: one row a stay of the archive, numbers from $from_stay on: place, box, class and instants (UTC)
-- Stays begin evenly over the time from $first to $last and take half a day to 25 days.
WITH numbered AS (
    SELECT
        n AS number,
        hash(n) AS drawn,
        CAST($first AS TIMESTAMP) + to_seconds(CAST(floor((n + 0.5) * $seconds / $stays) AS BIGINT)) AS arrived_at
    FROM range($from_stay, $until_stay) AS r (n)
)

SELECT
    'A' || lpad(CAST(s.number AS VARCHAR), 9, '0') AS consignment_id,
    $ports[1 + CAST(s.drawn % len($ports) AS INTEGER)] AS un_location_code,
    o.letters || lpad(CAST(s.number % 1000000 AS VARCHAR), 6, '0') || CAST(
        (
            o.weight
            + (s.number // 100000 % 10) * 16 + (s.number // 10000 % 10) * 32 + (s.number // 1000 % 10) * 64
            + (s.number // 100 % 10) * 128 + (s.number // 10 % 10) * 256 + (s.number % 10) * 512
        ) % 11 % 10 AS VARCHAR
    ) AS equipment_reference,
    $classes[1 + CAST(s.drawn // 7 % len($classes) AS INTEGER)] AS imo_class,
    s.arrived_at,
    s.arrived_at + to_seconds(3600 * (12 + CAST(s.drawn // 11 % 600 AS BIGINT))) AS left_at,
    s.drawn // 13 % 4 < 3 AS is_inspected
FROM numbered AS s
INNER JOIN owners AS o ON o.number = s.number // 1000000
