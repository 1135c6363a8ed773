-- grain: one row a lead class that spells are told apart by
-- view
SELECT kind FROM classes_of_spells
