"""What mapping costs: 10,000 customers through the shipped rows, 20 rows and 10 rules of a merchant's own.

Against the same mapping written by hand in Python, which calls the same functions on values: the ratio says what
rows, expressions and rules cost beyond the work itself. Both must make the same documents, or there is no figure.
``python -m bench.mapping [records]`` prints a table; :func:`run` returns the ratios.
"""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.fernet import Fernet

from app.connectors.mailchimp import customers as mailchimp
from app.connectors.mplus import rows as mplus
from app.mapping.filters import FilterSet
from app.mapping.lists import PERSON, Hashes, Lists
from app.mapping.rows import RowMapping, parse_rows
from app.mapping.rules import Rule, RuleSet
from app.sealing import Sealer
from app.values.addresses import join_street, split_street
from app.values.countries import country_code, country_name
from app.values.dates import iso, parse_date, parse_moment, wall_clock
from app.values.email import normalise_email
from app.values.money import half_up, to_decimal
from app.values.names import join_name, split_name
from app.values.phones import phone_e164
from app.values.text import as_text, cut_bytes, one_line
from app.values.vat import excl_vat

Document = dict[str, Any]
LISTED = 5_000
"""People on the block list."""

OWN_ROWS = parse_rows(
    (
        ("merge_fields.SALUTE", "concat('Beste ', coalesce(first_name, company, 'klant'))"),
        ("merge_fields.FULLNAME", "full_name(first_name, last_name)"),
        ("merge_fields.UPPER", "upper(trim(last_name))"),
        ("merge_fields.LAND", "country_name(billing.country, 'nl')"),
        ("merge_fields.REGION", "substring(billing.postal_code, `0`, `2`)"),
        ("merge_fields.PCODE", "replace(upper(billing.postal_code), ' ', '')"),
        ("merge_fields.CITY", "title(billing.city)"),
        ("merge_fields.B2B", "if(company, 'yes', 'no')"),
        ("merge_fields.POINTS", "points"),
        ("merge_fields.LEVEL", "if(points >= `1000`, 'gold', if(points >= `250`, 'silver', 'plain'))"),
        ("merge_fields.BALANCE", "round(number(balance), `2`)"),
        ("merge_fields.BALEXCL", "excl_vat(number(balance), `21`)"),
        ("merge_fields.SINCE", "date(created_at, '%Y-%m-%d')"),
        ("merge_fields.YEAR", "date(birthday, '%Y')"),
        ("merge_fields.NUMBER", "pad_left(number, `8`, '0')"),
        ("merge_fields.WEBSITE", "before(after(website, '://'), '/')"),
        ("merge_fields.CATS", "join(', ', sort(categories))"),
        ("merge_fields.NOTE", "cut(one_line(note), `255`)"),
        ("merge_fields.SHIPCITY", "coalesce(shipping.city, billing.city)"),
        ("merge_fields.DOMAIN", "after(email, '@')"),
    )
)

OWN_RULES = tuple(
    Rule.model_validate(rule)
    for rule in (
        {"name": "Belgian", "when": {"field": "billing.country", "is": "equals", "value": "BE"},
         "then": [{"do": "add_tag", "tag": "Belgium"}]},
        {"name": "German", "when": {"field": "billing.country", "is": "in", "values": ["DE", "AT", "CH"]},
         "then": [{"do": "set", "field": "language", "value": "de"}],
         "otherwise": [{"do": "set", "field": "language", "value": "nl"}]},
        {"name": "Company", "when": {"field": "company", "is": "not_empty"},
         "then": [{"do": "add_tag", "tag": "B2B"}]},
        {"name": "Loyal", "when": {"field": "points", "is": "at_least", "value": 500},
         "then": [{"do": "add_tag", "tag": "Loyal"}]},
        {"name": "Bonus", "guard": {"field": "points", "is": "not_empty"},
         "when": {"match": "all", "of": [
             {"field": "points", "is": "greater", "value": 100}, {"field": "active", "is": "true"}]},
         "then": [{"do": "math", "field": "points", "operator": "add", "value": 10}]},
        {"name": "No VAT number", "when": {"match": "any", "of": [
             {"field": "vat_number", "is": "empty"}, {"field": "vat_number", "is": "not_matches",
              "value": "^(NL|BE|DE)"}]}, "then": [{"do": "clear", "field": "vat_number"}]},
        {"name": "Old", "when": {"field": "created_at", "is": "before", "value": "2020-01-01"},
         "then": [{"do": "add_tag", "tag": "Old friend"}]},
        {"name": "Internal", "when": {"field": "email", "is": "ends_with", "value": "@eigenwinkel.nl"},
         "then": [{"do": "skip", "reason": "Our own people"}]},
        {"name": "Note", "when": {"field": "note", "is": "contains", "value": "vip"},
         "then": [{"do": "prepend", "field": "note", "value": "VIP", "separator": ": "}]},
        {"name": "Group", "then": [{"do": "map", "field": "price_group",
             "table": {"entries": {"1": "retail", "2": "trade"}, "missing": "blank"}}]},
    )
)  # fmt: skip


def relations(count: int) -> Iterator[Document]:
    """Relations of a till as its reader decodes them; the same for the same count."""
    dice = random.Random(7)
    first = ("Jan", "Piet", "Anna", "Sofie", "Youssef", "Marieke")
    last = ("de Vries", "van den Berg", "Jansen", "Peeters", "Müller", "El Amrani")
    lands = ("Nederland", "NL", "België", "Duitsland", "Belgie", "The Netherlands")
    for number in range(count):
        name = f"{dice.choice(first)} {dice.choice(last)}"
        company = f"Winkel {number} B.V." if dice.random() < 0.2 else None
        document: Document = {
            "relationNumber": 1_000 + number,
            "personName": company or name,
            "personIsCompany": company is not None,
            "companyName": company,
            "email": f" {name.split()[0]}.{number}@Voorbeeld{number % 50}.nl",
            "telephone": f"020 {dice.randrange(200_0000, 800_0000)}",
            "mobile": f"06-{dice.randrange(1000_0000, 5000_0000)}",
            "birthDate": f"19{dice.randrange(50, 99)}-0{dice.randrange(1, 9)}-1{dice.randrange(0, 9)}",
            "categoryIds": [dice.randrange(1, 9), dice.randrange(1, 9)],
            "customFields": {"nieuwsbrief": "ja", "schoenmaat": "42"},
            "active": True,
            "address": f"Kerkstraat {dice.randrange(1, 999)}{dice.choice(('', 'a', ' bis', '-2'))}",
            "zipcode": f"{dice.randrange(1000, 9999)} AB",
            "city": dice.choice(("amsterdam", "GENT", "den haag")),
            "country": dice.choice(lands),
            "website": f"https://www.winkel{number}.nl/over-ons",
            "vatNumber": f"NL{number:09}B01" if company else None,
            "priceGroupNumber": dice.randrange(1, 4),
            "paymentWithinDays": 14,
            "points": dice.randrange(0, 1_500),
            "balance": "12.50",
            "extraText": "Komt  graag\nop zaterdag",
            "createTimestamp": "2019-03-04T10:00:00+00:00" if number % 2 else "2023-03-04T10:00:00+00:00",
            "changeTimestamp": "2026-03-04T10:00:00+00:00",
        }
        yield {key: value for key, value in document.items() if value is not None}


def by_rows() -> Callable[[Document], Document]:
    """The three legs as a flow compiles them once per version."""
    read = RowMapping.compile(parse_rows(mplus.CUSTOMERS_OUT))
    rules = RuleSet.compile(OWN_RULES)
    write = RowMapping.compile([*parse_rows(mailchimp.IN_ROWS), *OWN_ROWS])

    def translate(relation: Document) -> Document:
        return write.apply(rules.apply(read.apply(relation).document).document).document

    return translate


def by_hand(relation: Document) -> Document:
    """The same, written out by somebody who knows what is wanted."""
    return _written(_ruled(_read(relation)))


def _kept(document: Document) -> Document:
    return {key: value for key, value in document.items() if value is not None}


def _read(relation: Document) -> Document:
    get = relation.get
    country = get("country")
    code = country_code(country)
    company = bool(get("personIsCompany"))
    name = split_name(get("personName"), company=company)
    line = split_street(get("address"), code or "NL")
    land = code or "NL"
    return _kept(
        {
            "id": as_text(get("relationNumber")),
            "email": normalise_email(get("email")),
            "full_name": get("personName"),
            "first_name": name.first or None,
            "last_name": name.last or None,
            "phone": phone_e164(get("telephone"), land) or get("telephone"),
            "mobile": phone_e164(get("mobile"), land) or get("mobile"),
            "birthday": get("birthDate"),
            "categories": [as_text(category) for category in get("categoryIds", ())],
            "custom": dict(get("customFields", {})),
            "company": get("companyName"),
            "active": get("active"),
            "billing": _kept(
                {
                    "street": line.street or None, "number": line.number or None, "addition": line.addition or None,
                    "layout": line.layout or None, "postal_code": get("zipcode"), "city": get("city"), "country": code, "country_text": country,
                }
            ),
            "website": get("website"),
            "vat_number": get("vatNumber"),
            "number": as_text(get("relationNumber")),
            "price_group": as_text(get("priceGroupNumber")),
            "payment_days": get("paymentWithinDays"),
            "points": get("points"),
            "balance": as_text(get("balance")),
            "note": get("extraText"),
            "created_at": get("createTimestamp"),
            "changed_at": get("changeTimestamp"),
        }
    )  # fmt: skip


_OLD = parse_moment("2020-01-01")


def _ruled(record: Document) -> Document:
    tags = []
    country = record["billing"].get("country")
    if country == "BE":
        tags.append("Belgium")
    record["language"] = "de" if country in ("DE", "AT", "CH") else "nl"
    if record.get("company"):
        tags.append("B2B")
    if record["points"] >= 500:
        tags.append("Loyal")
    if record["points"] > 100 and record["active"]:
        record["points"] += 10
    vat_number = record.get("vat_number")
    if not vat_number or not vat_number.startswith(("NL", "BE", "DE")):
        record["vat_number"] = None
    created = parse_moment(record["created_at"])
    if created and _OLD and created < _OLD:
        tags.append("Old friend")
    if "vip" in record["note"].casefold():
        record["note"] = f"VIP: {record['note']}"
    record["price_group"] = {"1": "retail", "2": "trade"}.get(record["price_group"], "")
    if tags:
        record["tags"] = tags
    return record


def _written(record: Document) -> Document:
    get = record.get
    billing = record["billing"]
    balance = to_decimal(get("balance"))
    created, born = parse_moment(get("created_at")), parse_date(get("birthday"))
    code, city, points = billing.get("postal_code"), billing.get("city"), get("points")
    line = join_street(
        billing.get("street"),
        billing.get("number"),
        billing.get("addition"),
        layout=billing.get("layout") or "",
        country=billing.get("country") or "NL",
    )
    fields = {
        "FNAME": get("first_name"),
        "LNAME": get("last_name"),
        "PHONE": get("mobile") or get("phone"),
        "BIRTHDAY": f"{born.month:02}/{born.day:02}" if born else None,
        "COMPANY": get("company"),
        "ADDRESS": _kept(
            {
                "addr1": line,
                "city": city,
                "state": "-" if city else None,
                "zip": code,
                "country": billing.get("country"),
            }
        ),
        "SALUTE": "Beste " + (get("first_name") or get("company") or "klant"),
        "FULLNAME": join_name(get("first_name"), get("last_name")),
        "UPPER": get("last_name").strip().upper() if get("last_name") else None,
        "LAND": country_name(billing.get("country"), "nl"),
        "REGION": code[:2],
        "PCODE": code.upper().replace(" ", ""),
        "CITY": " ".join(word[:1].upper() + word[1:].lower() for word in city.split(" ")),
        "B2B": "yes" if get("company") else "no",
        "POINTS": points,
        "LEVEL": "gold" if points >= 1000 else "silver" if points >= 250 else "plain",
        "BALANCE": half_up(balance, 2) if balance is not None else None,
        "BALEXCL": excl_vat(balance, to_decimal(21)) if balance is not None else None,  # type: ignore[arg-type]
        "SINCE": iso(wall_clock(created).date()) if created else None,
        "YEAR": f"{born.year:04}" if born else None,
        "NUMBER": get("number").rjust(8, "0"),
        "WEBSITE": get("website").partition("://")[2].partition("/")[0],
        "CATS": ", ".join(sorted(record["categories"])),
        "NOTE": cut_bytes(one_line(get("note")), 255),
        "SHIPCITY": city,
        "DOMAIN": get("email").partition("@")[2],
    }
    return _kept(
        {
            "email_address": get("email"),
            "merge_fields": _kept(fields),
            "language": get("language"),
            "tags": get("tags"),
        }
    )


def _listed(count: int) -> Callable[[Document], Any]:
    """A block list of so many people, kept as hashes, asked about a record as the flow asks it."""
    sealer = Sealer(keys=(Fernet.generate_key().decode(),), hash_secret="bench")
    hashes = Hashes(of=lambda address: sealer.keyed_hash("target", PERSON, address), key="00000000")
    block = {"email": [hashes.entry(f"somebody.{number}@voorbeeld.nl") for number in range(count)]}
    lists = Lists.model_validate({"block": block})
    compiled = FilterSet.compile((), stage="after", lists=lists, keys={"email": "email"}, hashes=hashes)
    return compiled.judge


def _microseconds(translate: Callable[[Document], Document], documents: list[Document]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for document in documents:
            translate(document)
        best = min(best, time.process_time() - start)
    return best / len(documents) * 1e6


def _peak(translate: Callable[[Document], Document], count: int) -> int:
    tracemalloc.start()
    for document in relations(count):
        translate(document)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def run(records: int = 10_000) -> dict[str, float]:
    """Ratios and microseconds a record; memory as the peak for all of them against that for a tenth."""
    documents = list(relations(records))
    rows = by_rows()
    wrong = [document for document in documents if rows(document) != by_hand(document)]
    if wrong:
        raise AssertionError(f"{len(wrong)} documents differ: {rows(wrong[0])}\n{by_hand(wrong[0])}")
    hand_us, rows_us = _microseconds(by_hand, documents), _microseconds(rows, documents)
    mapped = RowMapping.compile(parse_rows((("email", "email(email)"),)))
    people = [mapped.apply(document).document for document in documents]
    lists_us = _microseconds(_listed(LISTED), people) - _microseconds(_listed(0), people)
    few = max(100, records // 50)
    return {
        "lists_us_per_record": lists_us,
        "mapping_ratio": rows_us / hand_us,
        "mapping_us_per_record": rows_us,
        "by_hand_us_per_record": hand_us,
        "mapping_memory_ratio": _peak(rows, few * 5) / _peak(rows, few),
    }


def main() -> None:
    """Print the table."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    found = run(records)
    print(
        f"Mapping {records:,} customers: {len(mplus.CUSTOMERS_OUT)} + {len(mailchimp.IN_ROWS)} shipped rows,"
    )
    print(f"{len(OWN_ROWS)} own rows, {len(OWN_RULES)} rules\n")
    print(f"{'by hand':24}{found['by_hand_us_per_record']:8.1f} µs a record")
    print(f"{'by rows and rules':24}{found['mapping_us_per_record']:8.1f} µs a record   at most 150")
    print(f"{'ratio':24}{found['mapping_ratio']:8.2f}               at most 8")
    print(f"{f'a list of {LISTED:,} people':24}{found['lists_us_per_record']:8.1f} µs a record more")
    print(f"{'memory, 5 times as many':24}{found['mapping_memory_ratio']:8.2f}               about 1")


if __name__ == "__main__":
    main()
