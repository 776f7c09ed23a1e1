"""The core in one process under a seeded scheduler: real code, with the database, broker, clock and provider replaced."""
