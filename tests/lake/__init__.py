"""The lake under stress: killed, shared, out of order, out of date, damaged, worn."""
