"""What one screen, or two of a kind, has of its own: its cards, choices and words."""
