-- grain: one row a (spell, window) that any clock of the window counts, to be sorted by age outside the engine
-- is_plain: it counts on the clocks by exit and by period with one age, at which it ended; most spells of a long window do.
-- seen_doubled: the age when last seen, doubled, and one more where it came before the window and entered it later.
SELECT
    place_no,
    ends_in_window AND is_in_period AND NOT is_left_out AND period_micros = seen_micros AS is_plain,
    is_left_out,
    has_ended,
    ends_in_window,
    begins_in_window,
    is_in_period,
    2 * seen_micros + CASE WHEN begins_in_window THEN 0 ELSE 1 END AS seen_doubled,
    entry_micros,
    period_micros
FROM placed_spells
