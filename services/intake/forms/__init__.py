"""The application form of a reception: who comes, how, and what is wanted (FM-01)."""
