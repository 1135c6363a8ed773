"""Landed rows: their shape, which of them are versions of one another, and how those of a key are found."""
