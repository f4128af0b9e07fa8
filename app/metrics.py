"""Every metric of the service, declared once.

Labels hold route templates, fixed words and our own ids: never a path, never a person. Counters and histograms are
written where things happen; the gauges that only the database knows are set by ``readings.py`` when somebody asks.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 100.0)

# --- the API ------------------------------------------------------------------------------------------------------

REQUESTS = Counter(
    "t2a_requests", "Requests to the API, by route template", ("method", "route", "status"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "t2a_request_seconds",
    "How long requests to the API took",
    ("route",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
WEBHOOKS = Counter(
    "t2a_webhooks", "Webhook calls, by what became of them", ("system", "outcome"), registry=REGISTRY
)
EVENTS = Counter(
    "t2a_events", "Events stored for the first time, by what noticed them", ("trigger",), registry=REGISTRY
)
POLLS_IN_MIND = Counter(
    "t2a_polls_kept_in_mind", "Doorbells kept in memory while the database was away", registry=REGISTRY
)

# --- the worker ---------------------------------------------------------------------------------------------------

ATTEMPTS = Counter("t2a_attempts", "Deliveries tried, by outcome", ("flow", "outcome"), registry=REGISTRY)
BATCHES = Counter("t2a_batches", "Batches worked off", ("flow",), registry=REGISTRY)
BATCH_SECONDS = Histogram(
    "t2a_batch_seconds", "How long a batch took", ("flow",), buckets=_SECONDS, registry=REGISTRY
)
BATCHES_FAILED = Counter(
    "t2a_batches_failed", "Batches that ended by a fault", ("flow", "code"), registry=REGISTRY
)
TICKS = Counter("t2a_ticks", "Housekeeping rounds, by how they ended", ("tick", "outcome"), registry=REGISTRY)
TICK_SECONDS = Histogram(
    "t2a_tick_seconds", "How long housekeeping rounds took", ("tick",), buckets=_SECONDS, registry=REGISTRY
)
POLLS = Counter(
    "t2a_polls", "Polls of connections, by how they ended", ("system", "outcome"), registry=REGISTRY
)
RINGS_FAILED = Counter(
    "t2a_rings_failed", "Rings that Redis did not take; the sweep rings again", registry=REGISTRY
)

# --- the other systems ---------------------------------------------------------------------------------------------

REMOTE_REQUESTS = Counter(
    "t2a_remote_requests",
    "Requests to the other systems; status is the HTTP status, or why there was none",
    ("system", "operation", "status"),
    registry=REGISTRY,
)
REMOTE_SECONDS = Histogram(
    "t2a_remote_seconds",
    "How long the other systems took to answer",
    ("system",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
GATE_WAIT_SECONDS = Histogram(
    "t2a_gate_wait_seconds",
    "How long requests waited for one of their account's places",
    ("system",),
    buckets=_SECONDS,
    registry=REGISTRY,
)

# --- what only the database and Redis know: set when asked ---------------------------------------------------------

OLDEST_PENDING = Gauge(
    "t2a_oldest_pending_seconds", "Age of the oldest change not yet delivered", ("flow",), registry=REGISTRY
)
PENDING = Gauge("t2a_deliveries", "Deliveries by state", ("flow", "state"), registry=REGISTRY)
QUEUE_DEPTH = Gauge("t2a_queue_depth", "Jobs waiting in the queue", ("queue",), registry=REGISTRY)
CONNECTION_STATE = Gauge(
    "t2a_connection_state",
    "1 for the state a connection is in",
    ("connection", "system", "state"),
    registry=REGISTRY,
)
FLOW_STATE = Gauge(
    "t2a_flow_state", "1 for the state a flow is in", ("flow", "kind", "state"), registry=REGISTRY
)
ALERTS = Gauge("t2a_alerts", "Open alerts", ("code",), registry=REGISTRY)
WORKERS = Gauge("t2a_workers", "Workers heard of within the last minute", registry=REGISTRY)
DATABASE_UP = Gauge("t2a_database_up", "1 when the database answers", registry=REGISTRY)
REDIS_UP = Gauge("t2a_redis_up", "1 when Redis answers", registry=REGISTRY)


def exposition() -> bytes:
    """Everything, in Prometheus' text format."""
    return generate_latest(REGISTRY)
