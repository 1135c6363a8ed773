"""What the product is measured against: a bare parse with DuckDB, and the same work written with pandas."""
