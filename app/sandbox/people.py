"""Believable people and companies from the Netherlands, Belgium and Germany, the same ones for the same seed.

Nobody here exists: names are drawn from lists of common first and last names, streets and house numbers are combined
at random, telephone numbers use ranges that look right. The mail domains are invented and say so (``voorbeeld``,
``exemple``, ``beispiel``), but they do not look fake to a machine: Mailchimp refuses addresses at example.com and
the like, so those are kept for the few records that are meant to be refused. No sandbox ever sends a mail.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


def listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


NL_FIRST = listed(
    "Anna|Bram|Carlijn|Daan|Eline|Femke|Gijs|Hanneke|Ilse|Jan|Jeroen|Joost|Karin|Koen|Lotte|Maarten|Marieke|Noor|"
    "Pieter|Roos|Ruben|Sanne|Sjoerd|Tess|Thijs|Willemijn|Wouter|Yara|Zoë|Fatima|Mohamed|Esra|Priya|Björn"
)
NL_LAST = listed(
    "Jansen|Bakker|Visser|Smit|Meijer|Mulder|Bos|Vos|Peters|Hendriks|Dekker|Brouwer|Kok|Schouten|Willems|Kuipers|"
    "de Vries|de Boer|de Groot|de Wit|van Dijk|van den Berg|van der Meer|van der Linden|van de Ven|van Leeuwen|"
    "in 't Veld|op den Kamp|ter Horst|ten Brink|'t Hart|van 't Hof|Yılmaz|El Amrani|Groot-Bakker"
)
BE_FIRST = listed(
    "Amélie|Bert|Céline|Dries|Elke|Florence|Gert|Hélène|Jef|Karel|Lies|Luc|Nele|Olivier|Pascal|Sofie|Tom|Veerle"
)
BE_LAST = listed(
    "Peeters|Janssens|Maes|Jacobs|Mertens|Willems|Claes|Goossens|Wouters|De Smet|De Backer|Van den Broeck|Van Damme|"
    "Vandenberghe|Dubois|Lambert|Dupont|Leclercq"
)
DE_FIRST = listed(
    "Anke|Bernd|Claudia|Dieter|Elke|Felix|Greta|Hannes|Jürgen|Katja|Lukas|Mareike|Niklas|Petra|Sören|Ute|Wolfgang"
)
DE_LAST = listed(
    "Müller|Schmidt|Schneider|Fischer|Weber|Becker|Hoffmann|Schäfer|Koch|Groß|von der Heide|zu Münster|Özdemir"
)

NL_STREETS = listed(
    "Dorpsstraat|Kerkstraat|Stationsweg|Molenlaan|Burgemeester de Vlugtlaan|Lange Voorhout|Singel|Nieuwe Gracht|"
    "Plein 1944|Laan van Meerdervoort|'s-Gravenweg|1e Kruisdwarsstraat|Markt"
)
BE_STREETS = listed(
    "Kerkstraat|Stationsstraat|Grote Markt|Veldstraat|Brusselsesteenweg|Rue de la Station|Avenue Louise|Chaussée de Wavre"
)
DE_STREETS = listed("Hauptstraße|Bahnhofstraße|Gartenweg|Am Markt|Lindenallee|Straße des 17. Juni")
NL_CITIES = (
    ("Amsterdam", "10"), ("Utrecht", "35"), ("Rotterdam", "30"), ("'s-Hertogenbosch", "52"), ("Groningen", "97"),
    ("Zwolle", "80"), ("Den Haag", "25"), ("Maastricht", "62"), ("Sint-Michielsgestel", "52"), ("Leeuwarden", "89"),
)  # fmt: skip
BE_CITIES = (
    ("Antwerpen", "20"),
    ("Gent", "90"),
    ("Brugge", "80"),
    ("Leuven", "30"),
    ("Bruxelles", "10"),
    ("Liège", "40"),
)
DE_CITIES = (("Kleve", "475"), ("Aachen", "520"), ("Köln", "506"), ("Münster", "481"), ("Nordhorn", "485"))
COUNTRY_TEXTS = {
    "NL": ("Nederland", "Nederland", "Nederland", "", "NL", "Holland"),
    "BE": ("België", "België", "Belgie", "Belgique", "BE"),
    "DE": ("Duitsland", "Deutschland", "DE"),
}
NL_ADDITIONS = ("", "", "", "", "A", "a", " bis", "-2", " III", "-hs", "/4")
BE_ADDITIONS = ("", "", "", " bus 3", " bus 12", " b 0.1", "A")
DE_ADDITIONS = ("", "", "", "a", " b")

MAIL_DOMAINS = {
    "NL": ("klant-voorbeeld.nl", "postbus-voorbeeld.nl", "thuis-voorbeeld.nl"),
    "BE": ("klant-voorbeeld.be", "courriel-exemple.be"),
    "DE": ("kunde-beispiel.de", "post-beispiel.de"),
}
TRADES = {
    "NL": (
        "Bakkerij",
        "Bloemenhuis",
        "Fietsenwinkel",
        "Installatiebedrijf",
        "Grand Café",
        "Bouwbedrijf",
        "Kapsalon",
    ),
    "BE": ("Bakkerij", "Brasserie", "Boekhandel", "Garage", "Traiteur"),
    "DE": ("Bäckerei", "Gasthaus", "Schreinerei", "Blumenhaus"),
}
FORMS = {"NL": ("B.V.", "V.O.F.", "", "& Zn."), "BE": ("BV", "NV", "SRL"), "DE": ("GmbH", "KG", "e.K.")}


@dataclass(frozen=True, slots=True)
class Address:
    street: str
    number: str  # house number with its addition, as written: "12", "12-2", "12 bus 3"
    zipcode: str
    city: str
    country: str  # ISO 3166 alpha-2; what a cashier typed is in ``country_text``
    country_text: str

    @property
    def line(self) -> str:
        return f"{self.street} {self.number}"


@dataclass(frozen=True, slots=True)
class Person:
    first: str
    last: str  # with its prefix: "van den Berg"
    address: Address
    phone: str
    mobile: str
    email: str
    birth_date: date
    language: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    address: Address
    phone: str
    email: str
    vat_number: str
    commerce_number: str
    contacts: tuple[Person, ...]


def person(seed: int, index: int, *, country: str | None = None) -> Person:
    """The ``index``-th person of a seed, whichever others were asked for."""
    draw = random.Random(f"person {seed} {index}")
    country = country or draw.choices(("NL", "BE", "DE"), (70, 18, 12))[0]
    first = draw.choice({"NL": NL_FIRST, "BE": BE_FIRST, "DE": DE_FIRST}[country])
    last = draw.choice({"NL": NL_LAST, "BE": BE_LAST, "DE": DE_LAST}[country])
    return Person(
        first=first,
        last=last,
        address=address(draw, country),
        phone=phone(draw, country),
        mobile=mobile(draw, country),
        email=f"{mail_name(first)}.{mail_name(last)}{index}@{draw.choice(MAIL_DOMAINS[country])}",
        birth_date=date(1945, 1, 1) + timedelta(days=draw.randrange(365 * 60)),
        language={"NL": "nl", "BE": draw.choice(("nl", "fr")), "DE": "de"}[country],
    )


def company(seed: int, index: int, *, contacts: int = 2) -> Company:
    draw = random.Random(f"company {seed} {index}")
    country = draw.choices(("NL", "BE", "DE"), (60, 25, 15))[0]
    owner = draw.choice({"NL": NL_LAST, "BE": BE_LAST, "DE": DE_LAST}[country])
    name = f"{draw.choice(TRADES[country])} {owner} {draw.choice(FORMS[country])}".strip()
    return Company(
        name=name,
        address=address(draw, country),
        phone=phone(draw, country),
        email=f"info{index}@{mail_name(owner)}-{ {'NL': 'voorbeeld.nl', 'BE': 'voorbeeld.be', 'DE': 'beispiel.de'}[country] }",
        vat_number=vat_number(draw, country),
        commerce_number=f"{draw.randrange(10_000_000, 99_999_999)}",
        contacts=tuple(person(seed, 1_000_000 + index * 10 + n, country=country) for n in range(contacts)),
    )


def people(seed: int) -> Iterator[Person]:
    """Endless, always in the same order."""
    index = 0
    while True:
        yield person(seed, index)
        index += 1


def address(draw: random.Random, country: str) -> Address:
    text = draw.choice(COUNTRY_TEXTS[country])
    house = str(draw.randrange(1, 250))
    if country == "NL":
        city, prefix = draw.choice(NL_CITIES)
        letters = "".join(draw.choice("ABCDEGHJKLMNPRSTVWXZ") for _ in range(2))
        zipcode = f"{prefix}{draw.randrange(10, 99)}{draw.choice((' ', ''))}{letters}"
        return Address(
            draw.choice(NL_STREETS), house + draw.choice(NL_ADDITIONS), zipcode, city, country, text
        )
    if country == "BE":
        city, prefix = draw.choice(BE_CITIES)
        zipcode = f"{prefix}{draw.randrange(0, 99):02}"
        return Address(
            draw.choice(BE_STREETS), house + draw.choice(BE_ADDITIONS), zipcode, city, country, text
        )
    city, prefix = draw.choice(DE_CITIES)
    zipcode = f"{prefix}{draw.randrange(10, 99)}"
    return Address(draw.choice(DE_STREETS), house + draw.choice(DE_ADDITIONS), zipcode, city, country, text)


def phone(draw: random.Random, country: str) -> str:
    if country == "NL":
        return draw.choice(("020-{:07}", "030 {:07}", "+31 10 {:07}")).format(
            draw.randrange(2_000_000, 7_999_999)
        )
    if country == "BE":
        return draw.choice(("03 {:07}", "+32 2 {:07}")).format(draw.randrange(2_000_000, 7_999_999))
    return draw.choice(("0221/{:06}", "+49 241 {:06}")).format(draw.randrange(200_000, 799_999))


def mobile(draw: random.Random, country: str) -> str:
    if country == "NL":
        return draw.choice(("06-{:08}", "06 {:08}", "+316{:08}", "00316{:08}")).format(
            draw.randrange(10_000_000, 59_999_999)
        )
    if country == "BE":
        return draw.choice(("047{:07}", "+3247{:07}")).format(draw.randrange(1_000_000, 9_999_999))
    return draw.choice(("0151 {:08}", "+49151{:08}")).format(draw.randrange(10_000_000, 59_999_999))


def vat_number(draw: random.Random, country: str) -> str:
    """Looks right, and its check digits are right too, so that a check does not refuse ordinary companies."""
    if country == "NL":
        while True:
            digits = [draw.randrange(1, 10)] + [draw.randrange(10) for _ in range(7)]
            check = sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=True)) % 11
            if check < 10:
                return f"NL{''.join(map(str, digits))}{check}B01"
    if country == "BE":
        base = draw.randrange(2_000_000, 7_999_999)
        return f"BE0{base:07}{97 - base % 97:02}"
    return f"DE{german_digits(draw)}"


def german_digits(draw: random.Random) -> str:
    """Nine digits with the check digit of ISO 7064 mod 11, 10."""
    digits = [draw.randrange(1, 10)] + [draw.randrange(10) for _ in range(7)]
    product = 10
    for digit in digits:
        total = (digit + product) % 10 or 10
        product = 2 * total % 11
    return "".join(map(str, digits)) + str((11 - product) % 10)


def mail_name(name: str) -> str:
    """``van 't Hof`` -> ``vanthof``: what people make of their name in an address."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ı", "i"))
    return "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalnum())
