"""The contract of a table: rules, checks of each column, repeated rows."""
