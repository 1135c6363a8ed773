"""What SQL is not for: curves, intervals, control charts, panels and outlooks."""
