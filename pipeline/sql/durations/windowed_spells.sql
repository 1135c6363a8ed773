-- grain: one row a (spell, window) that any clock of the window counts: few bytes, read many times
SELECT * FROM placed_spells
