-- grain: one row: the tau that is asked for, in microseconds
SELECT tau_micros FROM asked_duration
