-- grain: one row a record of which a landed row is looked at: its source and key, as the rows of `repeated` have it
SELECT 'consignments' AS source, consignment_id AS record_key FROM landed_consignments
UNION
SELECT 'dg_items' AS source, concat_ws(chr(31), consignment_id, item_no) AS record_key FROM landed_dg_items
UNION
SELECT 'yard_moves' AS source, event_id AS record_key FROM landed_yard_moves
UNION
SELECT 'clearance_milestones' AS source, concat_ws(chr(31), consignment_id, milestone) AS record_key
FROM landed_clearance_milestones
UNION
SELECT 'inspection_findings' AS source, finding_id AS record_key FROM landed_inspection_findings
UNION
SELECT 'penalty_cases' AS source, case_no AS record_key FROM landed_penalty_cases
UNION
SELECT 'daily_weather' AS source, concat_ws(chr(31), un_location_code, CAST(date AS STRING)) AS record_key
FROM new_daily_weather
UNION
SELECT 'risk_alerts' AS source, alert_id AS record_key FROM new_risk_alerts
UNION
SELECT 'interceptions' AS source, interception_id AS record_key FROM new_interceptions
UNION
SELECT 'domestic_actions' AS source, action_id AS record_key FROM new_domestic_actions
