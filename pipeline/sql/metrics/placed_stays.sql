-- grain: one row a (stay, block), in the columns that flows are made of; the block stands where the class does
-- view
SELECT
    p.un_location_code,
    p.facility_code,
    p.block AS lead_class,
    p.direction,
    p.time_zone,
    p.overdue_at,
    p.placed_at AS arrived_at,
    p.placed_until AS left_at
FROM placements AS p
