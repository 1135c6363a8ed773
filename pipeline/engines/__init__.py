"""Where models run: DuckDB in this process or a Spark Connect server, and the models by name."""
