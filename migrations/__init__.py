"""The steps that bring a database from empty to today, on SQLite and PostgreSQL."""
