"""The usual stack: P1 (FastAPI, SQLAlchemy ORM, polled outbox, FastStream, a mail per connection), P2 (stock Faust)."""
