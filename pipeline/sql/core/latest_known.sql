-- grain: one row: the latest instant from which a landed row counts as known, and the last file of the landed rows
SELECT
    max(latest.known_at) AS known_at,
    max(latest.last_file) AS last_file
FROM (
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_consignments
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_dg_items
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_yard_moves
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_clearance_milestones
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_inspection_findings
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_penalty_cases
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_daily_weather
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_risk_alerts
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_interceptions
    UNION ALL
    SELECT max(_known_at) AS known_at, max(_file_seq) AS last_file FROM landed_domestic_actions
) AS latest
