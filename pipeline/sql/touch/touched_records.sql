-- grain: one row a record of the scope, or of new rows of the sources that have no scope: its source and key
SELECT source, record_key FROM scope_records
UNION
SELECT 'daily_weather' AS source, concat_ws(chr(31), un_location_code, CAST(date AS STRING)) AS record_key
FROM new_daily_weather
UNION
SELECT 'risk_alerts' AS source, alert_id AS record_key FROM new_risk_alerts
UNION
SELECT 'interceptions' AS source, interception_id AS record_key FROM new_interceptions
UNION
SELECT 'domestic_actions' AS source, action_id AS record_key FROM new_domestic_actions
