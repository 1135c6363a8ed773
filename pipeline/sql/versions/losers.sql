-- grain: one row a landed row that is not the live version of its record at known_at, and why
-- view
SELECT source, _file_seq, _line, status FROM losers_plain
UNION ALL
SELECT source, _file_seq, _line, status FROM losers_held
