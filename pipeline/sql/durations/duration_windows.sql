-- grain: one row a window and port: the windows that spells are counted in, here the one asked for
-- view
SELECT 'window' AS window_name, w.un_location_code, w.from_at, w.until_at
FROM asked_windows AS w
