"""From records to tables, from tables to key figures and payments."""
