"""House numbers on their way between till and store: every line arrives to the letter, in both directions (features O25)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records.decision import Known
from tests.golden.test_orders import read as till_sale
from tests.golden.test_orders import translation as to_the_store
from tests.golden.test_shop_orders import read as shop_order
from tests.golden.test_shop_orders import translation as to_the_till

LINES = [
    ("NL", "Kerkstraat 12"), ("NL", "Kerkstraat 12a"), ("NL", "Kerkstraat 12 a"), ("NL", "Kerkstraat 12-3"),
    ("NL", "Plein 1944 3"), ("NL", "Laan 40-45 12 II"), ("NL", "2e Weteringdwarsstraat 5hs"),
    ("BE", "Veldstraat 4 bus 1"), ("BE", "Rue Haute, 3"), ("BE", "Kerkstraat 12 bus 0201"), ("BE", "Grote Markt 1/2"),
    ("DE", "Hauptstraße 7b"), ("DE", "Hauptstraße 7 b"), ("DE", "Straße des 17. Juni 135"), ("DE", "Am Markt 3-5"),
    ("FR", "12 bis rue de la Paix"), ("FR", "12bis rue de la Paix"), ("FR", "12, rue de la Paix"), ("FR", "3 place du 8 Mai 1945"),
    ("LU", "3, rue Haute"), ("LU", "12A rue du Fort"), ("LU", "3 rue Haute"),
    ("NL", "Postbus 12"), ("DE", "Schloßpark"), ("FR", "Lieu-dit Le Moulin"),
]  # fmt: skip


def at_the_store(line: str, country: str) -> dict[str, Any]:
    """The line of the till as the store gets it: of the parcel, and of the customer."""
    there = {"address": line, "zipcode": "1234", "city": "Ergens", "country": country}
    text = {"lineId": "1", "articleNumber": 1, "text": "Trui", "data": {"quantity": 1.0, "price": 5.0}}
    sale = {"receiptId": "r", "state": "RECEIPT-STATE-PAID", "relationNumber": 11, "totalInclAmount": 5.0}
    plan = to_the_store({}).plan(
        till_sale({**sale, "deliveryAddress": there, "lineList": [text]}), Known(hashed=str.__add__)
    )
    return dict(plan.desired[0].document["shipping_address"])


def at_the_till(address: dict[str, Any]) -> dict[str, Any]:
    """The address of a shop's order as the till gets it: of the parcel, and of the relation."""
    lines = [{"id": "1", "sku": "1001", "product_title": "Trui", "quantity": 1, "price": 5}]
    order = {"id": "1", "currency_code": "EUR", "order_total": 5, "financial_status": "paid", "lines": lines}
    who = {"customer": {"email_address": "a@klant-voorbeeld.nl"}, "shipping_address": address}
    when = {"processed_at_foreign": "2026-03-02T10:00:00+00:00"}
    document = to_the_till({}).plan(shop_order(order | who | when), Known()).desired[0].document
    return {"sale": document["deliveryAddress"]["address"], "relation": document["relation"]["deliveryAddress"]}  # fmt: skip


@pytest.mark.parametrize(("country", "line"), LINES)
def test_a_line_arrives_to_the_letter_both_ways(country: str, line: str) -> None:
    sent = at_the_store(line, country)

    assert line == sent["address1"]
    assert {"sale": line, "relation": line} == at_the_till(sent)


@given(
    st.sampled_from(["NL", "BE", "DE", "FR", "LU"]),
    st.text("Kerkst 0123456789abß-/,.'", min_size=1, max_size=40),
)
def test_whatever_somebody_typed(country: str, line: str) -> None:
    typed = " ".join(line.split())
    if not typed:
        return

    assert typed == at_the_store(typed, country)["address1"]
    assert {"sale": typed, "relation": typed} == at_the_till({"address1": typed, "country_code": country})
