"""Every table, as SQLAlchemy Core sees it: the same on SQLite and PostgreSQL.

Times are whole milliseconds since 1970 in UTC, told by the database's clock wherever a lease or a due time hangs on
it. Ids are short random texts, made by us. ``sealed`` columns hold what ``sealing.py`` made; nothing else personal rests.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(40)
Millis = BigInteger

# --- what people configure ----------------------------------------------------------------------------------------

connections = Table(
    "connections",
    metadata,
    Column("id", Id, primary_key=True),
    Column("system", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column(
        "account", String(200), nullable=False
    ),  # whose limits and back-off count: login id, host and port
    Column("settings", JSON, nullable=False),  # base URL, list, ...: nothing secret
    Column("credentials_sealed", LargeBinary, nullable=False),
    Column("webhook_token_hash", String(64), nullable=False, unique=True),
    Column("webhook_token_sealed", LargeBinary, nullable=False),
    Column("webhook_secret_sealed", LargeBinary),
    Column("webhook_remote_id", String(100)),
    Column("subscription_id", String(100)),
    Column("state", String(20), nullable=False, default="new"),  # new | ok | broken
    Column("state_code", String(60)),
    Column("state_detail", Text),
    Column("checked_at", Millis),
    Column("check_details", JSON),
    Column("poll_interval_ms", Integer),
    Column("poll_due_at", Millis, nullable=False, default=0),
    Column("poll_soon", JSON),  # due times still to come after a doorbell
    Column("marks", JSON),  # the newest positions seen, per kind
    Column("created_at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
)

known_fields = Table(  # which fields its records have, as the system told it last
    "known_fields",
    metadata,
    Column("connection_id", Id, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(30), primary_key=True),
    Column("way", String(3), primary_key=True),  # out: read as a source | in: written as a target
    Column("fields", JSON, nullable=False),
    Column("read_at", Millis, nullable=False),
)

accounts = Table(  # the shared back-off after 429 and its kin
    "accounts",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("backoff_until", Millis, nullable=False, default=0),
    Column("backoff_step", Integer, nullable=False, default=0),
    Column("reason", Text),
)

integrations = Table(
    "integrations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("left_connection_id", Id, ForeignKey("connections.id"), nullable=False),
    Column("right_connection_id", Id, ForeignKey("connections.id"), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("created_at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
)

flows = Table(
    "flows",
    metadata,
    Column("id", Id, primary_key=True),
    Column("integration_id", Id, ForeignKey("integrations.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(30), nullable=False),  # customers | products | stock | orders | categories
    Column("record_kind", String(30), nullable=False),  # the kind that events name
    Column("source_connection_id", Id, ForeignKey("connections.id"), nullable=False),
    Column("target_connection_id", Id, ForeignKey("connections.id"), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("mapping", JSON, nullable=False),  # {"leg1": [...], "leg2": [...], "rules": [...], "filters": ...}
    Column("version", Integer, nullable=False, default=1),
    Column("state", String(20), nullable=False, default="paused"),  # paused | running | blocked
    Column("state_code", String(60)),
    Column("state_detail", Text),
    Column("approved_at", Millis),
    Column(
        "window_ms", Integer, nullable=False, default=10_000
    ),  # least time between two deliveries of one record
    Column("deadline_ms", BigInteger, nullable=False, default=86_400_000),
    Column("schedule", JSON),  # {"hours": "22:00-06:00", ...} or null
    Column("opens_at", Millis, nullable=False, default=0),  # claims wait until then: the schedule's window
    Column("created_at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
    UniqueConstraint("integration_id", "kind", "source_connection_id", "target_connection_id"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("position", BigInteger, nullable=False, default=0),  # the highest marker stored
    Column(
        "epoch", Integer, nullable=False, default=0, server_default="0"
    ),  # how often it was placed by hand
    Column("floor", BigInteger, nullable=False, default=0, server_default="0"),  # where it was placed last
    Column(
        "history_to", BigInteger, nullable=False, default=0, server_default="0"
    ),  # up to here all is history
    Column("updated_at", Millis, nullable=False),
)

side_cursors = Table(  # how far a flow has read the other sequences that tell of its records
    "side_cursors",
    metadata,
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence", String(30), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("floor", BigInteger, nullable=False, default=0, server_default="0"),  # where it was placed
    Column(
        "history_to", BigInteger, nullable=False, default=0, server_default="0"
    ),  # up to here all is history
    Column("updated_at", Millis, nullable=False),
)

backfills = Table(  # a flow's history, which a person asked for: one per flow, the newest
    "backfills",
    metadata,
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(20), nullable=False),  # counting | running | finishing | stopping | stopped | done
    Column("mails", String(20), nullable=False),  # quiet | without_status
    Column("since", Millis),  # sales from that moment on
    Column("count", Integer),  # or so many of the newest
    Column("total", Integer),
    Column("asked", Integer, nullable=False),
    Column("positions", JSON, nullable=False),  # per sequence of the source
    Column("started_at", Millis, nullable=False),
    Column("run_at", Millis, nullable=False),
    Column("run_done", Integer, nullable=False),  # so many were done when this run began
    Column("held_at", Millis),
    Column("released_at", Millis),
    Column("ended_at", Millis),
)

glimpses = Table(  # what a flow saw of each record when it last looked at all of them
    "glimpses",
    metadata,
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("ref", String(200), primary_key=True),
    Column("fingerprint", String(40), nullable=False),
    Column("epoch", Integer, nullable=False),  # the cursor's: placed anew, everything is news again
)

comparisons = Table(  # both sides of a flow beside each other: one per flow, the newest
    "comparisons",
    metadata,
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(20), nullable=False),  # asked | running | done | failed | stopped
    Column("asked_by", String(20), nullable=False),  # night | person
    Column("heal", Boolean, nullable=False),
    Column("asked_at", Millis, nullable=False),
    Column("started_at", Millis),
    Column("ended_at", Millis),
    Column("differ", Integer, nullable=False),  # records that differ, however many are named
    Column("healing", Integer, nullable=False),  # of these, so many were asked for again
    Column("counts", JSON, nullable=False),
    Column("code", String(60)),  # why it failed
    Column("detail", Text),
)

differences = Table(  # the records that a flow's newest comparison names
    "differences",
    metadata,
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("what", String(20), nullable=False),  # not_sent | changed_there | missing_there | gone_at_source
    Column("ref", String(200), nullable=False),  # the source's
    Column("remote_id", String(100)),
    Column("fields", JSON, nullable=False),
    Column("healing", Boolean, nullable=False),
    Column("stays", String(60)),  # why it is not brought about again, by the flow's rules
    Column("seen_at", Millis, nullable=False),
)

undos = Table(  # a run that a person took back: one per flow, the newest
    "undos",
    metadata,
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(20), nullable=False),  # asked | running | done | stopped | failed
    Column("since", Millis, nullable=False),
    Column("until", Millis, nullable=False),
    Column("triggers", JSON, nullable=False),  # only what these asked for; empty: all
    Column("asked_at", Millis, nullable=False),
    Column("mark", BigInteger, nullable=False),  # the newest attempt then: what it did stands behind it
    Column("total", Integer, nullable=False),
    Column("ended_at", Millis),
    Column("code", String(60)),  # why it failed
    Column("detail", Text),
)

config_changes = Table(  # versions of what people configure: who, when, and the whole content after it
    "config_changes",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("integration_id", Id, ForeignKey("integrations.id", ondelete="CASCADE"), nullable=False),
    Column(
        "subject", Id, nullable=False
    ),  # a flow's id, or the integration's; a removed flow's history stays
    Column("number", Integer, nullable=False),
    Column("at", Millis, nullable=False),
    Column("key_id", Id),
    Column("key_name", String(200)),
    Column("how", String(20), nullable=False),  # found | created | changed | restored | imported | removed
    Column("restored", Integer),  # the number whose content came back
    Column("differences", JSON, nullable=False),
    Column("content", JSON, nullable=False),
    UniqueConstraint("integration_id", "subject", "number"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("scope", String(20), nullable=False),  # read | operate | admin
    Column("created_at", Millis, nullable=False),
    Column("last_used_at", Millis),
    Column("revoked_at", Millis),
)

# --- the delivery machine -----------------------------------------------------------------------------------------

# Literal in the index and in the queries, so that both databases see that they mean the same rows.
LIVE = text("state IN ('pending', 'running', 'waiting')")

TAKEN = text("taker_ref IS NOT NULL")
HELD = text("holder IS NOT NULL")
CLAIMED = text("claim IS NOT NULL")
KEPT = text("before_until IS NOT NULL")

events = Table(
    "events",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("connection_id", Id, ForeignKey("connections.id", ondelete="CASCADE"), nullable=False),
    Column("dedupe_key", String(120), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("ref", String(200), nullable=False),
    Column("previous_ref", String(200)),
    Column("trigger", String(20), nullable=False),  # webhook | poll | backfill | manual | replay
    Column("request_id", String(40)),
    Column("received_at", Millis, nullable=False),
    UniqueConstraint("connection_id", "dedupe_key"),
    Index("ix_events_received_at", "received_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), nullable=False),
    Column("source_ref", String(200), nullable=False),
    Column("state", String(12), nullable=False, default="pending"),  # pending running waiting settled dead
    Column("requested", Integer, nullable=False, default=0),
    Column("priority", Integer, nullable=False, default=0),  # 0 live, 10 backfill
    Column("due_at", Millis, nullable=False),  # also the lease's end while running
    Column("claim", String(40)),
    Column(
        "started_at", Millis, nullable=False, default=0
    ),  # last start: the coalescing window counts from it
    Column("tries", Integer, nullable=False, default=0),  # failed tries since the last success
    Column("waiting_since", Millis),
    Column("needs_yes", Boolean, nullable=False, default=False),
    Column("outcome", String(20)),  # delivered unchanged skipped filtered | quarantined | retrying | waiting
    Column("code", String(60)),
    Column("reason", Text),
    Column("who", String(20)),
    Column("trigger", String(20), nullable=False),
    Column("request_id", String(40)),
    Column("requested_at", Millis, nullable=False),  # when the oldest change not yet delivered was noticed
    Column("settled_at", Millis),
    Column("news_at", Millis),  # when its source told of it as news that was not brought yet
    UniqueConstraint("flow_id", "source_ref"),
    Index("ix_deliveries_due", "flow_id", "priority", "due_at", sqlite_where=LIVE, postgresql_where=LIVE),
    Index("ix_deliveries_state", "flow_id", "state", "id"),
    # What one worker has under way, found when its lease is renewed.
    Index("ix_deliveries_claim", "claim", sqlite_where=CLAIMED, postgresql_where=CLAIMED),
)

moves = Table(  # addresses that somebody left for others: kept a day, since nobody can be asked for them afterwards
    "moves",
    metadata,
    Column("connection_id", Id, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(100), primary_key=True),  # the target key of the present address
    Column("old_sealed", LargeBinary, nullable=False),
    Column("until", Millis, nullable=False),
)

first_branches = Table(  # in which branch somebody first bought: decided once, so that nobody moves
    "first_branches",
    metadata,
    Column("connection_id", Id, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    Column("person", String(100), primary_key=True),  # the target key of the address
    Column("branch", String(40), nullable=False),
    Column("sale", String(200), nullable=False),  # the source's reference of that sale
    Column("decided_at", Millis, nullable=False),
)

targets = Table(
    "targets",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("connection_id", Id, ForeignKey("connections.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("key", String(100), nullable=False),
    Column("remote_id", String(100)),
    Column("owner_connection_id", Id),
    Column("owner_ref", String(200)),
    Column("state", String(12), nullable=False, default="new"),  # new | present | archived | gone
    Column("hashes", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("in_doubt", Boolean, nullable=False, default=False),
    Column("doubts", Integer, nullable=False, default=0),
    Column("holder", String(40)),
    Column("held_until", Millis, nullable=False, default=0),
    # Until then a call that was given up on may still land: nobody takes hold before.
    Column("lands_until", Millis, nullable=False, default=0, server_default="0"),
    # Who may have brought it about, while nobody knows; the key itself, sealed, is how it is found again.
    Column("taker_connection_id", Id),
    Column("taker_ref", String(200)),
    Column("natural_sealed", LargeBinary),
    Column("updated_at", Millis, nullable=False),
    UniqueConstraint("connection_id", "kind", "key"),
    # Whole, so that SQLite does not take the connection's every target of a kind for the shorter way.
    Index("ix_targets_owner", "owner_connection_id", "owner_ref", "connection_id", "kind"),
    Index("ix_targets_remote", "connection_id", "kind", "remote_id"),
    Index("ix_targets_holder", "holder", sqlite_where=HELD, postgresql_where=HELD),
    Index("ix_targets_taker", "taker_connection_id", "taker_ref", sqlite_where=TAKEN, postgresql_where=TAKEN),
)

numbers = (
    Table(  # numbers that we gave to what a target lets us number, by the name that the source has for it
        "numbers",
        metadata,
        Column("connection_id", Id, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
        Column("kind", String(30), primary_key=True),
        Column("name", String(100), primary_key=True),
        Column("number", BigInteger, nullable=False),
        Column("given_at", Millis, nullable=False),
        UniqueConstraint("connection_id", "kind", "number"),
    )
)

links = Table(  # which record at a target a part of a source's record was found to be, by its number, made by us or not
    "links",
    metadata,
    Column("connection_id", Id, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    Column("owner_connection_id", Id, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    Column("owner_ref", String(200), primary_key=True),
    Column("kind", String(30), primary_key=True),
    Column("part", String(200), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

contenders = Table(  # deliveries that were refused a key which another source record owns
    "contenders",
    metadata,
    Column("target_id", ForeignKey("targets.id", ondelete="CASCADE"), primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_contenders_delivery", "delivery_id"),
)

waits = Table(  # what a delivery waits for: that a target is there, or that whoever holds it lets go
    "waits",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("connection_id", Id, primary_key=True),
    Column("kind", String(30), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("until", String(8), nullable=False),  # present | free
    Index("ix_waits_target", "connection_id", "kind", "key"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("flow_id", Id, nullable=False),
    Column("source_ref", String(200), nullable=False),
    Column("started_at", Millis, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("code", String(60)),
    Column("reason", Text),
    Column("who", String(20)),
    Column("trigger", String(20), nullable=False),
    Column("direction", String(60), nullable=False),  # mplus→mailchimp
    Column("warnings", JSON, nullable=False),
    Column("changes", JSON, nullable=False),  # summaries of what was sent
    Column(
        "effects", JSON, nullable=False, default=list, server_default="[]"
    ),  # by target: made, changed, ...
    Column("before_sealed", LargeBinary),  # the values that were written over, where they are kept
    Column("before_until", Millis),
    Column("payload_sealed", LargeBinary),
    Column("request_id", String(40)),
    Index("ix_attempts_before", "before_until", sqlite_where=KEPT, postgresql_where=KEPT),
    Index("ix_attempts_delivery", "delivery_id", "id"),
    Index("ix_attempts_flow", "flow_id", "id"),
    Index("ix_attempts_started_at", "started_at"),
)

counters = Table(  # outcomes per flow and hour
    "counters",
    metadata,
    Column("flow_id", Id, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("hour", Millis, primary_key=True),
    Column("outcome", String(20), primary_key=True),
    Column("count", BigInteger, nullable=False, default=0),
)

# --- the worker's housekeeping ------------------------------------------------------------------------------------

ticks = Table(  # exactly one worker does each tick
    "ticks",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("holder", String(40)),
    Column("until", Millis, nullable=False, default=0),
    Column("ran_at", Millis, nullable=False, default=0),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("started_at", Millis, nullable=False),
    Column("seen_at", Millis, nullable=False),
    Column("facts", JSON, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
    Column("code", String(60), nullable=False),
    Column("subject", String(100), nullable=False),  # connection:…, flow:…, till:…
    Column("detail", Text, nullable=False),
    Column("count", Integer, nullable=False, default=1),
    Column("raised_at", Millis, nullable=False),
    Column("last_at", Millis, nullable=False),
    Column("cleared_at", Millis),
    Index("ix_alerts_subject", "subject", "code"),
)

erased = Table(  # keyed hashes of people who must not come back
    "erased",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("at", Millis, nullable=False),
)
