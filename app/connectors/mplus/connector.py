"""MplusKASSA as a connector: what is configured, where it talks to, how a client is opened, which rows it ships."""

from __future__ import annotations

from app.connectors.base import Connector, Opening
from app.connectors.mplus.calls import Till
from app.connectors.mplus.client import MplusClient, account
from app.connectors.mplus.models import MplusCredentials, MplusSettings
from app.connectors.mplus.offered import IN_FIELDS, OUT_FIELDS
from app.connectors.mplus.rows import IN_ROWS, OUT_ROWS


def open_client(opening: Opening) -> MplusClient:
    """A client of one till; nothing is asked yet."""
    assert isinstance(opening.settings, MplusSettings)
    assert isinstance(opening.credentials, MplusCredentials)
    till = Till(opening.settings, opening.credentials, http=opening.http, gate=opening.gate)
    return MplusClient(till, webhook_url=opening.webhook_url)


CONNECTOR = Connector(
    name="mplus",
    title="MplusKASSA",
    side="till",
    settings=MplusSettings,
    credentials=MplusCredentials,
    address=lambda settings, _credentials: settings.base_url,
    account=lambda settings, _credentials: account(settings.host, settings.port),
    open=open_client,
    out_rows=OUT_ROWS,
    in_rows=IN_ROWS,
    out_fields=OUT_FIELDS,
    in_fields=IN_FIELDS,
    permits=2,
)
