"""The shop's tables that seldom change: VAT, turnover groups, means of payment, prices, ways of delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from app.sandbox.control import Shelf
from app.sandbox.mplus.part import Arguments, Handler, Part, Values

# (branch, numeric country, ISO 3166 alpha-3) -> VAT code -> per cent. Branch 3 also sends parcels abroad.
VAT: dict[tuple[int, int, str], dict[int, str]] = {
    (1, 528, "NLD"): {0: "0", 1: "9", 2: "21"},
    (2, 56, "BEL"): {0: "0", 1: "6", 2: "21", 3: "12"},
    (3, 528, "NLD"): {0: "0", 1: "9", 2: "21"},
    (3, 276, "DEU"): {1: "7", 2: "19"},
    (3, 250, "FRA"): {1: "5.5", 2: "20"},
    (3, 442, "LUX"): {1: "8", 2: "17"},
}
TURNOVER, PAYMENT = "TURNOVER-GROUP-TYPE-TURNOVER", "PAYMENT-METHOD-TYPE-PAYMENT"
TURNOVER_GROUPS: tuple[tuple[int, str, str, int], ...] = (
    (1, "Kleding", TURNOVER, 8000),
    (2, "Schoenen", TURNOVER, 8010),
    (3, "Horeca", TURNOVER, 8020),
    (4, "Wonen", TURNOVER, 8030),
    (5, "Export", TURNOVER, 8090),
    (6, "Verzendkosten", TURNOVER, 8100),
    (80, "Kas in", "TURNOVER-GROUP-TYPE-CASH-INFLOW", 1010),
    (81, "Kas uit", "TURNOVER-GROUP-TYPE-CASH-OUTFLOW", 1011),
    (82, "Cadeaukaart opwaarderen", "TURNOVER-GROUP-TYPE-BALANCE-UPGRADE", 1700),
    (83, "Statiegeld", "TURNOVER-GROUP-TYPE-REFUNDABLE-DEPOSIT", 1710),
    (84, "Betaling factuur", "TURNOVER-GROUP-TYPE-PAYMENT", 1300),
)
PAYMENT_METHODS: tuple[tuple[str, str, str, bool], ...] = (
    ("CONTANT", "Contant", PAYMENT, True),
    ("PIN", "Pin", "PAYMENT-METHOD-TYPE-EFT", True),
    ("IDEAL", "iDEAL (webshop)", PAYMENT, True),
    ("MOLLIE", "Mollie (webshop)", PAYMENT, True),
    ("REKENING", "Op rekening", "PAYMENT-METHOD-TYPE-SUSPENSE", True),
    ("CADEAUKAART", "Cadeaukaart", "PAYMENT-METHOD-TYPE-DEPOSIT", True),
    ("TEGOEDBON", "Tegoedbon", "PAYMENT-METHOD-TYPE-VOUCHER-BPE", True),
    ("CHEQUE", "Cheque", PAYMENT, False),
)
DELIVERY_METHODS = (
    ("BEZORGEN", "Bezorgen", True),
    ("BEZORGEN_MET_AUTO", "Bezorgen met auto", True),
    ("AFHALEN", "Afhalen in de winkel", True),
    ("FIETSKOERIER", "Fietskoerier", False),
)
ORDER_CATEGORIES = ((0, "Geen"), (1, "Webshop"), (2, "Telefonisch"))
PRICE_GROUPS = ((1, "Consument"), (2, "Zakelijk"), (3, "Personeel"))


class Finance(Part):
    def operations(self) -> Mapping[str, Handler]:
        return {
            "getVatGroupList": lambda _: {"vatGroup": self.vat_groups()},
            "getTurnoverGroups": lambda _: {"turnoverGroupList": turnover_groups()},
            "getPaymentMethods": lambda _: {"paymentMethodList": payment_methods()},
            "getPaymentMethodsV2": self.payment_methods_v2,
            "getAvailablePaymentMethods": lambda _: {
                "paymentMethodList": [one for one in payment_methods() if one["active"]]
            },
            "getPriceGroupList": lambda _: {
                "priceGroup": [{"priceGroupNumber": n, "description": name} for n, name in PRICE_GROUPS]
            },
            "getSalesPriceList": lambda _: {
                "salesPrice": [{"salesPriceNumber": 1, "description": "Zomeractie"}]
            },
            "getCostCenters": lambda _: {
                "costCenterList": [{"costCenterNumber": "100", "description": "Winkel"}],
            },
            "getOrderCategories": lambda _: {
                "orderCategory": [
                    {
                        "orderCategoryNumber": number,
                        "orderCategoryDescription": name,
                        "allowCancel": True,
                        "allowProcess": True,
                    }
                    for number, name in ORDER_CATEGORIES
                ]
            },
            "getDeliveryMethods": lambda _: {"deliveryMethodList": delivery_methods(only_enabled=True)},
            "getDeliveryMethodsV2": lambda arguments: {
                "deliveryMethodList": delivery_methods(
                    only_enabled=arguments["request"].get("onlyEnabled", False)
                )
            },
        }

    def vat_groups(self) -> list[dict[str, Any]]:
        return [
            {
                "branchNumber": branch,
                "extBranchId": "",
                "countryCode": country,
                "countryIso3": iso3,
                "vatCode": code,
                "vatPercentage": self.scaled(Decimal(percentage)),
                "accountNumber": 1500 + code,
            }
            for (branch, country, iso3), codes in VAT.items()
            for code, percentage in codes.items()
        ]

    def scaled(self, percentage: Decimal) -> int:
        """A VAT percentage as this installation writes it: 2100 or 21."""
        return int(percentage * self.till.settings.vat_scale)

    def payment_methods_v2(self, arguments: Arguments) -> Values:
        kinds = arguments["request"].get("paymentMethodTypes", ())
        return {"paymentMethodList": [one for one in payment_methods() if not kinds or one["type"] in kinds]}

    def state(self) -> Mapping[str, Any]:
        return {"vat": self.vat_groups(), "paymentMethods": payment_methods()}

    def shelves(self) -> Sequence[Shelf]:
        return [
            Shelf(
                "vat",
                "VAT",
                ("branchNumber", "countryIso3", "vatCode", "vatPercentage"),
                lambda: {
                    f"{v['branchNumber']}-{v['countryIso3']}-{v['vatCode']}": v for v in self.vat_groups()
                },
                {"branchNumber": "branches"},
            )
        ]


def turnover_groups() -> list[dict[str, Any]]:
    return [
        {
            "turnoverGroupType": kind,
            "turnoverGroup": number,
            "turnoverGroupName": name,
            "defaultAccountNumber": account,
            "accountNumber": account,
            "branchAccountNumberList": [{"branchNumber": 2, "accountNumber": account + 5}],
            "defaultVatCode": 2,
        }
        for number, name, kind, account in TURNOVER_GROUPS
    ]


def payment_methods() -> list[dict[str, Any]]:
    return [
        {
            "method": method,
            "description": name,
            "buttonText": name,
            "allowNegativeAmount": True,
            "active": active,
            "type": kind,
            "accountNumber": 1200 + at,
        }
        for at, (method, name, kind, active) in enumerate(PAYMENT_METHODS)
    ]


def delivery_methods(*, only_enabled: bool) -> list[dict[str, Any]]:
    return [
        {"deliveryMethod": method, "description": name, "buttonText": name, "enabled": enabled}
        for method, name, enabled in DELIVERY_METHODS
        if enabled or not only_enabled
    ]


@cache
def percentage_of(vat_code: int, *, branch: int = 1, country: str | None = None) -> Decimal | None:
    """Per cent for a VAT code at a branch, for deliveries to ``country`` (alpha-3) if it has such a table."""
    tables = [codes for (number, _, iso3), codes in VAT.items() if number == branch and iso3 == country]
    tables += [codes for (number, _, _), codes in VAT.items() if number == branch]
    return next((Decimal(codes[vat_code]) for codes in tables if vat_code in codes), None)


def excluding(incl: int, percentage: Decimal) -> int:
    """Cents with VAT -> cents without, half up."""
    return int((Decimal(incl) * 100 / (100 + percentage)).quantize(Decimal(1), ROUND_HALF_UP))


def including(excl: int, percentage: Decimal) -> int:
    return int((Decimal(excl) * (100 + percentage) / 100).quantize(Decimal(1), ROUND_HALF_UP))
