"""One database per service: units of work, tables of the core, migrations."""
