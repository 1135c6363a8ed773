-- grain: one row a (window, turn of a batch in it, move row): the row by which the batch came in or went out, and when it became known
-- late: told for the first time after the window's end. corrected: an earlier version was replaced after it. untold: the
-- source does not say when it was recorded.
WITH unit_turns AS (
    SELECT un_location_code, equipment_reference, consignment_id, 'arrival' AS turn, arrived_at AS turned_at
    FROM unit_stays
    UNION ALL
    SELECT un_location_code, equipment_reference, consignment_id, 'exit' AS turn, left_at AS turned_at
    FROM unit_stays
    WHERE left_at IS NOT NULL
),

carried AS (
    SELECT t.*, u.equipment_reference AS unit, CASE WHEN t.turn = 'arrival' THEN 'in' ELSE 'out' END AS flow
    FROM turned_batches AS t
    INNER JOIN unit_turns AS u
        ON
            u.un_location_code = t.un_location_code
            AND u.turn = t.turn
            AND u.turned_at = t.turned_at
            AND (
                instr(concat(';', u.consignment_id, ';'), concat(';', t.consignment_id, ';')) > 0
                OR (t.consignment_id IS NULL AND u.equipment_reference = t.equipment_reference)
            )
)

SELECT
    c.window_name,
    c.turn,
    c.batch_id,
    c.consignment_id,
    c.un_location_code,
    c.lead_class,
    c.arrived_at,
    c.left_at,
    m.equipment_reference,
    m.event_id,
    m.event_type,
    m.event_at,
    m.recorded_at,
    m._known_at AS known_at,
    m._file_seq,
    m._line,
    CASE
        WHEN x.event_id IS NOT NULL AND coalesce(m._known_at >= c.until_at, FALSE) THEN 'corrected'
        WHEN m.recorded_at IS NULL THEN 'untold'
        WHEN coalesce(m._known_at >= c.until_at, FALSE) THEN 'late'
        ELSE 'on_time'
    END AS told
FROM carried AS c
INNER JOIN actual_moves AS m
    ON
        m.un_location_code = c.un_location_code
        AND m.equipment_reference = c.unit
        AND m.event_at = c.turned_at
        AND m.flow = c.flow
LEFT JOIN corrected_moves AS x ON x.event_id = m.event_id
