import pytest
from pydantic import SecretStr, ValidationError

from app.connectors.mplus.models import MplusCredentials, MplusSettings, Version


@pytest.mark.parametrize(
    "base",
    ["", "api.mpluskassa.nl", "ftp://x", "https://", "https://a/?secret=1", "https://u:p@a/", "https://a/#x"],
)
def test_addresses_that_are_refused(base):
    with pytest.raises(ValidationError):
        MplusSettings(base_url=base)


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("67.1.3", Version(67, 1, 3)),
        ("Service 59.12 (2024)", Version(59, 12)),
        ("", None),
        (None, None),
        ("latest", None),
    ],
)
def test_version_of_header(header, version):
    assert version == Version.of_header(header)


@pytest.mark.parametrize(
    ("answer", "text", "newest"),
    [
        (
            {"majorNumber": 1, "serviceMajorNumber": 67, "serviceMinorNumber": 1, "serviceRevisionNumber": 3},
            "67.1.3",
            True,
        ),
        ({"majorNumber": 1, "serviceMajorNumber": 57}, "57.0.0", False),
        ({"majorNumber": 1}, "unknown", False),
        ({"serviceMajorNumber": -1}, "unknown", False),
    ],
)
def test_version_of_answer(answer, text, newest):
    version = Version.of_answer(answer)

    assert (text, newest) == (str(version), version.has("createOrderV3"))
    assert version.has("createOrder")


@pytest.mark.parametrize(
    ("base", "host", "port"),
    [
        ("https://api.mpluskassa.nl:50123", "api.mpluskassa.nl", 50123),
        (" https://Till.example/api ", "till.example", 443),
        ("http://127.0.0.1:8001", "127.0.0.1", 8001),
    ],
)
def test_addresses(base, host, port):
    settings = MplusSettings(base_url=base)

    assert (settings.host, settings.port) == (host, port)


def test_the_secret_stands_in_the_target_alone():
    credentials = MplusCredentials(ident="a b", secret=SecretStr("c&d/+"))

    assert (
        credentials.target(MplusSettings(base_url="https://x.nl/api").url)
        == b"/api?ident=a%20b&secret=c%26d%2F%2B"
    )
    assert "c&d" not in repr(credentials) + credentials.model_dump_json()
