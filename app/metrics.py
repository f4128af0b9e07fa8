"""Every metric, declared once. Labels are ids, kinds and codes; never people, never tokens."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

http_requests = Counter(
    "http_requests", "Requests to this API", ["route", "method", "status"], registry=REGISTRY
)
http_seconds = Histogram(
    "http_request_seconds", "How long this API took", ["route"], registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)  # fmt: skip
webhooks = Counter(
    "webhooks", "Webhook calls by what became of them", ["system", "outcome"], registry=REGISTRY
)
events = Counter("events", "New events stored", ["trigger"], registry=REGISTRY)
attempts = Counter("attempts", "Settled deliveries by outcome", ["flow", "outcome"], registry=REGISTRY)
oldest_pending_seconds = Gauge(
    "oldest_pending_seconds",
    "Age of the oldest change that is not delivered yet",
    ["flow"],
    registry=REGISTRY,
)
queue_depth = Gauge("queue_depth", "Deliveries that wait, by state", ["state"], registry=REGISTRY)
remote_requests = Counter(
    "remote_requests", "Requests to other systems", ["system", "outcome"], registry=REGISTRY
)
remote_seconds = Histogram(
    "remote_request_seconds", "How long other systems took", ["system"], registry=REGISTRY,
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 125),
)  # fmt: skip
connection_ok = Gauge(
    "connection_ok", "1 when the last check passed", ["connection", "system"], registry=REGISTRY
)
batches = Histogram(
    "batch_seconds",
    "How long one batch of deliveries took",
    ["flow"],
    registry=REGISTRY,
    buckets=(0.05, 0.25, 0.5, 1, 2, 5, 15),
)
