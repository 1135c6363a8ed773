-- grain: one row a grouping of spells that is asked for
-- view
SELECT by_port, by_class
FROM asked
