"""What the tables of an island look like: models of their rows by subject, and a declaration of each table."""
