-- grain: one row a (stay, pool) at risk in the days before as_of that survival is taken from, with the ages between which it is
-- Pools: the stays of a class at a port, and of a class at all ports (un_location_code 'all'), whatever the filters are.
SELECT un_location_code, lead_class, entry_micros, exit_micros, ended
FROM seen_spells
UNION ALL
SELECT 'all' AS un_location_code, lead_class, entry_micros, exit_micros, ended
FROM seen_spells
