-- grain: one row a kind of spell: the class that spells of it are counted under, here its own
-- view
SELECT kind, kind AS told_as
FROM spell_kinds
