-- grain: one row a (hazard, origin, local day, line, channel): something fired there; origin is '' where none was told
-- An interception fires its channel at the port line; a notice of the port line has no channel.
SELECT DISTINCT
    x.hazard_type,
    x.hazard_name,
    x.origin_country,
    x.line,
    x.channel,
    x.day
FROM (
    SELECT hazard_type, hazard_name, coalesce(origin_country, '') AS origin_country, line, '' AS channel, day
    FROM border_notices
    UNION ALL
    SELECT hazard_type, hazard_name, coalesce(origin_country, '') AS origin_country, 'port' AS line, channel, day
    FROM caught
    UNION ALL
    SELECT hazard_type, hazard_name, coalesce(origin_country, '') AS origin_country, 'domestic' AS line, '' AS channel, day
    FROM actions_behind
    WHERE hazard_name IS NOT NULL
) AS x
