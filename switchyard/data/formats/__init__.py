"""File formats of tables: how CSV and Parquet are laid out and scanned."""
