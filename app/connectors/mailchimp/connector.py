"""Mailchimp as a connector: what is configured, where it talks to, how a client is opened, which rows it ships."""

from __future__ import annotations

from app.connectors.base import Connector, Opening
from app.connectors.mailchimp import contacts, customers, orders, products, shoporders, shopproducts, stock
from app.connectors.mailchimp.calls import Api
from app.connectors.mailchimp.client import MailchimpClient
from app.connectors.mailchimp.models import MailchimpCredentials, MailchimpSettings, account, base_url
from app.connectors.mailchimp.offered import IN_FIELDS, OUT_FIELDS


def open_client(opening: Opening) -> MailchimpClient:
    """A client of one audience; nothing is asked yet."""
    settings, credentials = opening.settings, opening.credentials
    assert isinstance(settings, MailchimpSettings)
    assert isinstance(credentials, MailchimpCredentials)
    api = Api(
        base_url(settings, credentials),
        credentials,
        http=opening.http,
        gate=opening.gate,
        answer_seconds=settings.answer_seconds,
    )
    return MailchimpClient(
        api,
        list_id=settings.list_id,
        store=settings.store,
        account=account(credentials),
        webhook_url=opening.webhook_url,
        keyed_hash=opening.keyed_hash,
    )


CONNECTOR = Connector(
    name="mailchimp",
    title="Mailchimp",
    side="audience",
    settings=MailchimpSettings,
    credentials=MailchimpCredentials,
    address=base_url,
    account=lambda _settings, credentials: account(credentials),
    open=open_client,
    out_rows={
        contacts.KIND: contacts.OUT_ROWS,
        shoporders.KIND: shoporders.OUT_ROWS,
        shopproducts.KIND: shopproducts.OUT_ROWS,
    },
    in_rows={
        customers.KIND: customers.IN_ROWS,
        products.KIND: products.IN_ROWS,
        stock.KIND: stock.IN_ROWS,
        orders.KIND: orders.IN_ROWS,
    },
    out_fields=OUT_FIELDS,
    in_fields=IN_FIELDS,
    permits=5,
)
