-- grain: one row a combination of the columns asked for; species, occurrences and batches each by itself, never added together
-- A sum leaves out what was not told; it is null where nothing was told.
SELECT
    CASE WHEN b.by_month THEN CAST(date_trunc('month', CAST(c.day AS TIMESTAMP)) AS DATE) END AS month_starts_on,
    CASE WHEN b.by_port THEN c.un_location_code END AS un_location_code,
    CASE WHEN b.by_channel THEN c.channel END AS channel,
    CASE WHEN b.by_hazard_type THEN c.hazard_type END AS hazard_type,
    CASE WHEN b.by_hazard THEN c.hazard_name END AS hazard_name,
    CASE WHEN b.by_origin THEN c.origin_country END AS origin_country,
    count(*) AS interceptions,
    sum(c.species_count) AS species,
    sum(c.occurrence_count) AS occurrences,
    sum(c.batch_count) AS batches,
    count(*) FILTER (WHERE c.species_count IS NULL) AS without_species,
    count(*) FILTER (WHERE c.occurrence_count IS NULL) AS without_occurrences,
    count(*) FILTER (WHERE c.batch_count IS NULL) AS without_batches
FROM caught AS c
CROSS JOIN asked AS a
CROSS JOIN asked_border AS b
WHERE
    (a.date_from IS NULL OR c.day >= a.date_from)
    AND (a.date_to IS NULL OR c.day <= a.date_to)
    AND (
        NOT EXISTS (SELECT 1 FROM wanted_ports)
        OR c.un_location_code IN (SELECT w.un_location_code FROM wanted_ports AS w)
    )
GROUP BY
    CASE WHEN b.by_month THEN CAST(date_trunc('month', CAST(c.day AS TIMESTAMP)) AS DATE) END,
    CASE WHEN b.by_port THEN c.un_location_code END,
    CASE WHEN b.by_channel THEN c.channel END,
    CASE WHEN b.by_hazard_type THEN c.hazard_type END,
    CASE WHEN b.by_hazard THEN c.hazard_name END,
    CASE WHEN b.by_origin THEN c.origin_country END
ORDER BY month_starts_on, un_location_code, channel, hazard_type, hazard_name, origin_country
