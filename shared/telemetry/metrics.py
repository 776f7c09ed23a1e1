"""Every metric of ours, one row each: name, unit, sentence. HTTP's own come from its instrumentation.

Attributes are names of topics, kinds and outcomes, never ids and never of people: each value is a time series.
Without an OTLP endpoint every call does nothing.
"""

from __future__ import annotations

from shared.telemetry.instruments import Count, Level, Metric, Spread

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
_SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)

# Relay
RELAYED = Count("frontdesk.relay.events", "{event}", "Outbox rows published, by topic.")
RELAY_BATCH = Spread("frontdesk.relay.batch.size", "{event}", "Outbox rows in one batch.", _SIZES)
RELAY_SECONDS = Spread("frontdesk.relay.duration", "s", "From selecting a batch to marking it published.", _SECONDS)
RELAY_FAILED = Count("frontdesk.relay.failures", "{event}", "Sends that failed, by topic and error class.")
OUTBOX_AGE = Level("frontdesk.outbox.oldest.age", "s", "Age of the oldest outbox row that is not yet published.")
OUTBOX_STUCK = Level("frontdesk.outbox.stuck", "{event}", "Outbox rows that the broker refuses for ever.")
LEASE_HELD = Level("frontdesk.relay.lease", "1", "1 where this process holds its service's relay lease, else 0.")

# Consumer
CONSUMED = Count("frontdesk.consumer.events", "{event}", "Events handled, by topic, type and outcome.")
CONSUME_BATCH = Spread("frontdesk.consumer.batch.size", "{event}", "Events in one transaction, by topic.", _SIZES)
CONSUME_SECONDS = Spread("frontdesk.consumer.duration", "s", "One batch from hand-over to commit, by topic.", _SECONDS)
EVENT_AGE = Spread(
    "frontdesk.consumer.event.age", "s", "Age of an event when its reaction commits, by topic.", _SECONDS
)
BATCH_RETRIED = Count("frontdesk.consumer.retries", "{batch}", "Batches begun again, by reason.")
SEEN_LATE = Count("frontdesk.consumer.first.above.one", "{event}", "Things first seen above number 1, by topic.")
LAG = Level("frontdesk.consumer.lag", "{event}", "Records not yet committed, by topic and partition.")
LAG_AGE = Level("frontdesk.consumer.lag.age", "s", "Age of the oldest record not yet handled, by topic.")
BRAKE = Level("frontdesk.consumer.brake", "1", "1 where this build's consumer is stopped by its brake, else 0.")
HELD = Count("frontdesk.held.events", "{event}", "Events put aside, by topic, state and reason.")
ALARM = Level("frontdesk.alarm", "{event}", "What stands too long and wants a person, by alarm; 0 is well.")
HELD_ROWS = Level("frontdesk.held.rows", "{event}", "Held events that stand, by state.")
HELD_FREED = Count("frontdesk.held.freed", "{event}", "Held events that were applied after all, by topic.")

# Clock
TIMERS_FIRED = Count("frontdesk.timers.fired", "{timer}", "Timers fired, by kind and outcome.")
TIMER_LATENESS = Spread("frontdesk.timers.lateness", "s", "From a timer's due instant to its commit.", _SECONDS)

# Messages to people
ATTEMPTS = Count("frontdesk.messages.attempts", "{attempt}", "Attempts to send, by channel, provider and outcome.")
PROVIDER_SECONDS = Spread("frontdesk.messages.provider.duration", "s", "A provider's answer, by provider.", _SECONDS)
IN_DOUBT = Level("frontdesk.messages.in.doubt", "{message}", "Messages whose provider never answered, by channel.")
QUEUE_AGE = Level("frontdesk.messages.queue.age", "s", "Age of the oldest message that could be sent, by channel.")
RECEIPTS = Count("frontdesk.messages.receipts", "{receipt}", "Delivery receipts, by provider and outcome.")
RECEIVED = Count("frontdesk.messages.received", "{message}", "Messages from people, by channel and what they became.")

# Process
LOOP_LAG = Spread("frontdesk.loop.lag", "s", "How late the event loop comes round.", _SECONDS)
LOG_SUPPRESSED = Count("frontdesk.logs.suppressed", "{line}", "Lines of noisy loggers left out, by logger.")


def registry() -> list[Metric]:
    """Every row, by name."""
    return sorted((row for row in globals().values() if isinstance(row, Metric)), key=lambda row: row.name)
