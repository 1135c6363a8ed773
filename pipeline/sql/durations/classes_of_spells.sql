-- grain: one row a lead class of spells
SELECT DISTINCT lead_class AS kind FROM spells
