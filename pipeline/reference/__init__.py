"""The reference tables: ports, classes, limits, campaigns and vocabularies, shipped ones and a user's own."""
