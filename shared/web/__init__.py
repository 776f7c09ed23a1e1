"""HTTP edge: problems, idempotency, authentication, documents."""
