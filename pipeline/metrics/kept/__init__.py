"""Answers kept beside a lake: what is asked for most, computed once a release, and how it is found again."""
