"""People of a seed: the same every time, as varied as a shop's customers, and none at an address that looks fake."""

from email_validator import validate_email
from stdnum import vatin

from app.sandbox.people import company, mail_name, person


def test_the_same_seed_gives_the_same_people_whoever_else_was_asked_for() -> None:
    assert [person(1, n) for n in (5, 0)] == [person(1, 5), person(1, 0)]
    assert person(1, 5) != person(2, 5)
    assert company(1, 3) == company(1, 3)


def test_addresses_can_be_written_to_and_are_each_their_own() -> None:
    mails = [person(1, n).email for n in range(500)] + [company(1, n).email for n in range(100)]

    assert len(mails) == len(set(mails))
    assert mails == [validate_email(mail, check_deliverability=False).normalized for mail in mails]
    assert [] == [mail for mail in mails if mail.rsplit("@", 1)[1].startswith(("example.", "test."))]


def test_everything_that_hurts_occurs() -> None:
    crowd = [person(1, n) for n in range(500)]

    assert {"NL", "BE", "DE"} == {one.address.country for one in crowd}
    assert any(" bus " in one.address.number for one in crowd)
    assert any(one.last.startswith("van ") for one in crowd)
    assert any(one.last.startswith("'t ") for one in crowd)
    assert any(one.address.country_text == "" for one in crowd)
    assert any(one.name != one.name.encode("ascii", "ignore").decode() for one in crowd)


def test_companies_have_numbers_that_pass_their_check() -> None:
    firms = [company(1, n, contacts=n % 3) for n in range(60)]

    assert [firm.vat_number for firm in firms] == [vatin.validate(firm.vat_number) for firm in firms]
    assert [n % 3 for n in range(60)] == [len(firm.contacts) for firm in firms]


def test_mail_names() -> None:
    assert ["vanthof", "strasse", "zoe", "yilmaz"] == [
        mail_name(n) for n in ("van 't Hof", "Straße", "Zoë", "Yılmaz")
    ]
