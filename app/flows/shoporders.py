"""Shop orders: what other shops sold and wrote into the Mailchimp account is booked in the till, once.

Pure: an Order, settings and what is known become one sale, its buyer with it, under the shop's order number. Everything
that can be known to be wrong is told before anything is written. What was booked is left alone, but for its cancellation
and what was paid back of it. Features O4 to O7, O10, O19, O20, O26.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from app.errors import MappingFailed
from app.flows.base import FlowKind, Scan
from app.flows.policies import archive_owned
from app.flows.shopordersettings import ShopOrdersSettings
from app.flows.shopproducts import ARTICLE
from app.flows.shopsale import nobody, refund_of, sale_of
from app.flows.shopstores import SourceStore
from app.flows.shopsupplies import makes, ranges, supplies_of, with_names
from app.mapping.run import SkipRecord
from app.records.decision import UNDONE, Archive, Decision, Known, KnownTarget, Put, Skip
from app.records.order import FinancialState, Order
from app.values.money import half_up, to_decimal

ORDER, INVOICE, CUSTOMER = "order", "invoice", "customer"
SALES = (ORDER, INVOICE)
OVER: frozenset[FinancialState] = frozenset({"cancelled", "refunded"})

Kind = Literal["order", "invoice"]


def decide(order: Order, settings: ShopOrdersSettings, known: Known) -> Decision:
    """Book it, leave it alone, or undo it."""
    store = settings.store(order.store)
    if store is None:
        return Decision(skip=Skip("other_store", "The flow does not take orders of this store."))
    standing = [target for target in known.targets if target.kind in SALES and target.stands]
    order = order.model_copy(update={"financial": _financial(order, store)})
    if order.financial in OVER:
        return _undone(order, standing, settings, known)
    if any(target.own and target.state == "archived" for target in known.targets) and not standing:
        return Decision(
            skip=Skip(
                "was_cancelled", "The sale was cancelled in the till, and its number cannot be used again."
            )
        )
    main = next((target for target in standing if "total" in target.facts), None)
    if order.financial == "partly_refunded" and main is not None:
        return _partly_refunded(order, main, store, settings, known)
    if not standing and (waits := _not_yet(order, store)) is not None:
        return Decision(skip=waits)
    try:
        return _booked(order, standing, store, settings, known)
    except SkipRecord as skip:
        return Decision(skip=Skip("filtered", f"Filtered by a table: {skip}.", filtered=True))
    except MappingFailed:
        if any(target.own for target in standing) and not settings.update_existing:
            return Decision(
                skip=Skip("booked", "The sale is booked; what changed since cannot be booked on it.")
            )
        raise


def gone(_settings: ShopOrdersSettings, _known: Known) -> Decision:
    """An order that vanished from Mailchimp stays booked: a shop that is disconnected takes its orders along."""
    return Decision(
        skip=Skip("not_found", "Mailchimp does not show this order any more; a booked sale stays.")
    )


def filtered(_settings: ShopOrdersSettings, _known: Known, skip: Skip) -> Decision:
    """Kept back: what is booked already stays."""
    return Decision(skip=skip)


def undo(_settings: ShopOrdersSettings, known: Known) -> Decision:
    """Orders that are not to have been booked are cancelled, articles made for them set inactive; an invoice is in the books. A relation
    that was made for a buyer is named: other sales may have been booked on it since, in the till as well."""
    archives = archive_owned(known, kinds=(ORDER,), reason=UNDONE)
    archives += archive_owned(known, kinds=(ARTICLE,), reason=UNDONE)
    if all(each.kind != INVOICE for each in known.targets):
        buyers = [number for each in known.targets if (number := each.facts.get("buyer_made"))]
        return Decision(archives=archives, skip=_buyer_stays(buyers[0]) if buyers else None)
    said = "An invoice is booked and stays so; where it is wrong, credit it in the till."
    return Decision(archives=archives, skip=Skip("invoice_booked", said))


def _buyer_stays(number: str) -> Skip:
    return Skip(
        "buyer_stays",
        f"The relation {number}, which was made for its buyer, stays; set it inactive in the till where nothing else needs it.",
    )


# --- whether --------------------------------------------------------------------------------------------------------


def _financial(order: Order, store: SourceStore) -> FinancialState:
    if order.cancelled_at is not None:
        return "cancelled"
    word = str(order.custom.get("financial_status") or "").strip().casefold()
    own = {said.strip().casefold(): state for said, state in store.words.items()}
    return own.get(word, order.financial)


def _not_yet(order: Order, store: SourceStore) -> Skip | None:
    if order.financial not in store.take:
        return Skip(
            f"is_{order.financial}", f"Its payment is {order.financial!r}; it is booked when that changes."
        )
    if store.fulfilment and order.fulfilment not in store.fulfilment:
        return Skip("not_delivered", f"Its delivery is {order.fulfilment!r}; it is booked when that changes.")
    return None


def _undone(
    order: Order, standing: list[KnownTarget], settings: ShopOrdersSettings, known: Known
) -> Decision:
    if not standing:
        return Decision(skip=Skip(f"is_{order.financial}", f"It is {order.financial} and was never booked."))
    if settings.when_cancelled == "leave":
        warning = f"{order.financial}: the shop says so, and by setting the booked sale stays as it is"
        return Decision(skip=Skip("left", "The booked sale stays as it is."), warnings=(warning,))
    return Decision(archives=archive_owned(known, kinds=SALES, reason=order.financial))


def _partly_refunded(
    order: Order, target: KnownTarget, store: SourceStore, settings: ShopOrdersSettings, known: Known
) -> Decision:
    """What the shop paid back lowers the order's total (mailchimp.md §3.4); what was booked of it before is remembered."""
    booked = to_decimal(target.facts.get("total")) or order.total
    before = sum(
        (to_decimal(each.facts.get("refund")) or Decimal(0) for each in known.targets if each.own), Decimal(0)
    )
    back = booked - order.total - before
    if back <= 0:
        return Decision(skip=Skip("booked", "The sale is booked, and nothing more was paid back."))
    if settings.refund_article is None:
        warning = f"refund: {back} was paid back in the shop, and the flow has no article for partial refunds"
        return Decision(skip=Skip("refund_left", "The booked sale stays as it is."), warnings=(warning,))
    kind: Kind = "invoice" if target.kind == INVOICE else "order"
    number = f"{_external(order, store)}-refund-{half_up(before + back)}"
    credit = refund_of(order, back, settings)
    put = _put(kind, number, credit, known, settings, facts={"refund": str(back)})
    # A smaller one whose answer was lost may stand there: this one is for all of it, so that one is taken back.
    lost = (each for each in known.targets if each.doubtful and not each.own and each.kind in SALES)
    archives = tuple(
        Archive(each.kind, each.key, "refunded_more")
        for each in lost
        if each.key != known.hashed(kind, number)
    )
    return Decision(puts=(put,), archives=archives)


# --- what -----------------------------------------------------------------------------------------------------------


def _booked(
    order: Order,
    standing: list[KnownTarget],
    store: SourceStore,
    settings: ShopOrdersSettings,
    known: Known,
) -> Decision:
    if settings.missing_article == "create":
        order = with_names(order)
    record, warnings = sale_of(order, store, settings)
    if record.customer is None and record.customer_ref is None:
        if settings.without_email == "skip":
            return Decision(skip=Skip("no_email", nobody(order)))
        raise MappingFailed(
            nobody(order),
            field="customer.email",
            advice="Enter a standard debtor in the flow's settings, or correct the address in the shop.",
            code="no_email",
        )
    kind: Kind = settings.book_as
    if standing:  # what it was booked as it stays: as the other it would be booked twice
        kind = "invoice" if standing[0].kind == INVOICE else "order"
    total = next((target.facts["total"] for target in standing if "total" in target.facts), str(order.total))
    put = _put(kind, _external(order, store), record, known, settings, facts={"total": total})
    return Decision(puts=(replace(put, supplies=supplies_of(order, settings)),), warnings=warnings)


def _external(order: Order, store: SourceStore) -> str:
    return f"{store.before}{order.number or order.id}"


def _put(
    kind: Kind,
    natural: str,
    record: Order,
    known: Known,
    settings: ShopOrdersSettings,
    *,
    facts: dict[str, str],
) -> Put:
    email = record.customer.email if record.customer is not None else None
    return Put(
        kind=kind,
        natural=natural,
        record=record,
        update=settings.update_existing,
        facts=facts,
        options={"relation_key": known.hashed(CUSTOMER, email)} if email else {},
        holds=((CUSTOMER, email),) if email else (),
    )


def _scan(settings: ShopOrdersSettings) -> Scan:
    return Scan(
        places=tuple(store.id for store in settings.stores),
        every_s=settings.scan_every_s,
        calls_a_minute=settings.scan_calls_a_minute,
    )


def _parts(settings: ShopOrdersSettings) -> frozenset[str]:
    field = settings.vat_number_field
    return frozenset({f"vat_field:{field}"}) if field else frozenset()


SHOP_ORDERS = FlowKind(
    name="shop_orders",
    record_kind=ORDER,
    record=Order,
    settings=ShopOrdersSettings,
    decide=decide,
    gone=gone,
    filtered=filtered,
    way=("audience", "till"),
    target_kinds=SALES,
    begins="now",
    scopes={"lines": "id"},
    list_keys={"order": "number"},
    parts=_parts,
    scan=_scan,
    compares="target",
    not_compared=(
        "Each look through the stores asks for what changed in them; here what stands in the till is compared with what was "
        "booked: reference, addresses, delivery and the total. Lines only by what they come to, payments and credits not at all. "
        "Of articles that were made for orders only whether they are there; a flow of shop products compares what they hold."
    ),
    undo=undo,
    makes=makes,
    ranges=ranges,
)
