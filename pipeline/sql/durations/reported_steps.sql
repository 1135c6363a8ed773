-- grain: one row a (curve, age) that is reported: here every age at which something ended
-- view
SELECT * FROM survival_steps
