-- grain: one row a (slot, period of its time zone): those that are over before the first stay, or begin after as_of, are left out
SELECT
    n.slot_no,
    o.utc_from,
    o.utc_until,
    o.offset_seconds
FROM flow_slots AS n
INNER JOIN zone_offsets AS o ON o.time_zone = n.time_zone
CROSS JOIN (SELECT min(arrived_at) AS first_at FROM flowing_stays) AS f
CROSS JOIN params AS p
WHERE o.utc_until > f.first_at AND o.utc_from <= p.as_of
