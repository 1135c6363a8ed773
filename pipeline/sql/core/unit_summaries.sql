-- grain: one row a (port, unit): its actual moves summed; is_odd where they have to be looked at one by one
-- Nearly every unit comes once and its moves agree: then the sum says all of its visit, whose in is first and out is last.
-- Odd is one that comes more often or out of order, or whose moves name several batches or facilities. consignment_id is
-- that of a live batch, or null.
WITH summed AS (
    SELECT
        m.un_location_code,
        m.equipment_reference,
        count(*) FILTER (WHERE m.flow = 'in') AS ins,
        count(*) FILTER (WHERE m.flow = 'out') AS outs,
        min(m.event_at) AS first_at,
        max(m.event_at) AS last_at,
        min(m.event_at) FILTER (WHERE m.flow = 'in') AS started_at,
        max(m.event_at) FILTER (WHERE m.flow = 'out') AS ended_at,
        min(m.consignment_id) AS consignment_id,
        max(m.consignment_id) AS other_consignment_id,
        min(m.facility_code) AS facility_code,
        max(m.facility_code) AS other_facility_code,
        max(m.block) FILTER (WHERE m.flow = 'out') AS block_of_out,
        max_by(m.block, (m.event_at, m.event_id)) FILTER (WHERE m.flow = 'inside' AND m.block IS NOT NULL)
            AS block_of_inside,
        max(m.block) FILTER (WHERE m.flow = 'in') AS block_of_in,
        max(m.exit_type) FILTER (WHERE m.flow = 'out') AS exit_type,
        max(m.event_id) FILTER (WHERE m.flow = 'out') AS out_event_id
    FROM moves AS m
    GROUP BY m.un_location_code, m.equipment_reference
)

SELECT
    s.un_location_code,
    s.equipment_reference,
    s.last_at,
    s.started_at,
    s.ended_at,
    c.consignment_id,
    coalesce(c.un_location_code = s.un_location_code, FALSE) AS is_at_port_of_batch,
    s.facility_code,
    coalesce(s.block_of_out, s.block_of_inside, s.block_of_in) AS block,
    s.exit_type,
    CASE WHEN s.exit_type IS NOT NULL THEN s.ended_at END AS exit_named_at,
    CASE WHEN s.exit_type IS NOT NULL THEN s.out_event_id END AS exit_event_id,
    s.ins <> 1
    OR s.outs > 1
    OR s.first_at < s.started_at
    OR coalesce(s.last_at > s.ended_at, FALSE)
    OR coalesce(s.consignment_id < s.other_consignment_id, FALSE)
    OR coalesce(s.facility_code < s.other_facility_code, FALSE) AS is_odd
FROM summed AS s
LEFT JOIN consignments AS c ON c.consignment_id = s.consignment_id
