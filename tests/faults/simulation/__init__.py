"""The core in one process under a seeded scheduler: real code; database, broker and clock are replaced."""
