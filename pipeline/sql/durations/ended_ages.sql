-- grain: one row a spell that ended on a Kaplan-Meier clock: its age then, and the cell that the age lies in
-- view
SELECT
    c.curve_no,
    c.exit_micros AS age_micros,
    CAST(floor(ln(c.exit_micros + 1) * s.scale) AS BIGINT) AS cell
FROM clocked_spells AS c
INNER JOIN curve_scales AS s ON s.curve_no = c.curve_no
WHERE c.clock <> 'exit' AND NOT c.is_left_out AND c.is_ended
