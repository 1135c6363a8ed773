-- grain: one row a (spell, group, clock) that the clock counts, with the ages (microseconds) between which it is at risk
-- view
-- Exit clock: ended in the window. Cohort: began in it, followed to as_of. Period: at risk in it, from its age when the
-- window opened until it ended or the window did. curve_no numbers the (group, clock).
SELECT
    3 * group_no AS curve_no,
    group_no,
    'exit' AS clock,
    is_left_out,
    TRUE AS is_ended,
    CAST(-1 AS BIGINT) AS entry_micros,
    seen_micros AS exit_micros
FROM grouped_spells
WHERE ends_in_window AND 'exit' IN (SELECT clock FROM asked_clocks)
UNION ALL
SELECT
    3 * group_no + 1 AS curve_no,
    group_no,
    'cohort' AS clock,
    is_left_out,
    has_ended AS is_ended,
    CAST(-1 AS BIGINT) AS entry_micros,
    seen_micros AS exit_micros
FROM grouped_spells
WHERE begins_in_window AND 'cohort' IN (SELECT clock FROM asked_clocks)
UNION ALL
SELECT
    3 * group_no + 2 AS curve_no,
    group_no,
    'period' AS clock,
    is_left_out,
    ends_in_window AS is_ended,
    entry_micros,
    period_micros AS exit_micros
FROM grouped_spells
WHERE is_in_period
