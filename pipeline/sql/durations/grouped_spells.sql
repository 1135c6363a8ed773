-- grain: one row a (spell, window, grouping): a spell in each of the groups that it counts in
-- view
SELECT g.group_no, s.*
FROM windowed_spells AS s
INNER JOIN spell_groups AS g ON g.place_no = s.place_no
