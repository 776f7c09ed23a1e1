"""Outbox, relay, inbox, consumer, held events, timers: the only rooms that know a Kafka client."""
