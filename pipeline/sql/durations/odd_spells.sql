-- grain: one row a (spell, window) that is placed one by one: all, where the engine places the plain ones too
-- view
SELECT * FROM met_spells
