-- grain: one row a clock that is asked for, here all three
SELECT 'exit' AS clock
UNION ALL
SELECT 'cohort' AS clock
UNION ALL
SELECT 'period' AS clock
