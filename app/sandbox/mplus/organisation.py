"""Branches with their workplaces, and the people who work there: the same in every seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.sandbox.control import Shelf
from app.sandbox.mplus.marked import Marked
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.schema import ZONE, plain

BEGIN = datetime(2023, 1, 2, 9, 0, tzinfo=ZONE)
BRANCHES = (
    (
        1,
        "Winkel Utrecht",
        "UTR",
        528,
        "NLD",
        "Nederland",
        "Oudegracht 12",
        "3511 AB",
        "Utrecht",
        "NL001234567B01",
    ),
    (2, "Winkel Gent", "GNT", 56, "BEL", "België", "Veldstraat 4 bus 1", "9000", "Gent", "BE0123456749"),
    (
        3,
        "Magazijn Nieuwegein",
        "MAG",
        528,
        "NLD",
        "Nederland",
        "Ravenswade 100",
        "3439 LD",
        "Nieuwegein",
        "NL001234567B01",
    ),
)
EMPLOYEES = ((1, "Marijke"), (2, "Ömer"), (3, "Lien"), (999999, "Super user"))


class Organisation(Part):
    def __init__(self, till: Any) -> None:
        super().__init__(till)
        self.branches: dict[int, dict[str, Any]] = {}
        self.employees: Marked[int] = Marked()
        self.clear()

    def clear(self) -> None:
        self.branches = {
            number: {
                "branchNumber": number,
                "branchName": name,
                "abbreviation": short,
                "extBranchId": "",
                "isFullSlave": False,
                "workplaces": [
                    {"workplaceNumber": w, "workplaceName": f"Kassa {w}", "isMobile": False} for w in (1, 2)
                ],
                "countryCode": country,
                "countryIso3": iso3,
                "countryName": country_name,
            }
            for number, name, short, country, iso3, country_name, *_ in BRANCHES
        }
        self.employees.clear()
        for number, name in EMPLOYEES:
            self.employees.put(
                number,
                {
                    "employeeNumber": number,
                    "extEmployeeId": "",
                    "createTimestamp": BEGIN,
                    "changeTimestamp": BEGIN,
                    "name": name,
                    "active": True,
                },
            )

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getBranches": lambda _: {"branches": list(self.branches.values())},
            "getBranchInformation": self.branch_information,
            "getAvailableTerminalList": self.terminals,
            "getEmployees": self.get_employees,
            "getEmployee": self.get_employee,
        }

    def markers(self) -> Mapping[str, int]:
        return {"employeeSyncMarker": self.employees.visible}

    def state(self) -> Mapping[str, Any]:
        return {"branches": plain(self.branches), "employees": plain(self.employees.rows)}

    def shelves(self) -> Sequence[Shelf]:
        return [
            Shelf(
                "branches",
                "Branches",
                ("branchName", "countryIso3"),
                lambda: {str(n): plain(b) for n, b in self.branches.items()},
            )
        ]

    def branch_information(self, arguments: Arguments) -> Values:
        asked = arguments["request"]["branchNumber"]
        for number, name, _, country, _, country_name, address, zipcode, city, vat in BRANCHES:
            if number == asked:
                return {
                    "result": "GET-BRANCH-INFORMATION-RESULT-OK",
                    "branchInformation": {
                        "branchNumber": number,
                        "branchName": name,
                        "companyName": "De Voorbeeldwinkel",
                        "address": address,
                        "zipcode": zipcode,
                        "city": city,
                        "countryCode": country,
                        "countryName": country_name,
                        "vatNumber": vat,
                    },
                }
        return {"result": "GET-BRANCH-INFORMATION-RESULT-FAILED", "errorMessage": "Branch not found"}

    def terminals(self, _: Arguments) -> Values:
        return {
            "return": [
                {
                    "branchNumber": branch["branchNumber"],
                    "branchName": branch["branchName"],
                    "terminalNumber": workplace["workplaceNumber"],
                    "terminalName": workplace["workplaceName"],
                    "terminalStatus": "TERMINAL-STATUS-AVAILABLE",
                    "uniqueDeviceIdentifier": "",
                }
                for branch in self.branches.values()
                for workplace in branch["workplaces"]
            ]
        }

    def get_employees(self, arguments: Arguments) -> Values:
        asked = arguments.get("request", {})
        numbers = set(asked.get("employeeNumbers", ()))
        if not self.allowed("employees"):
            return {"employeeList": []}
        return {
            "employeeList": self.employees.page(
                since=asked.get("syncMarker", 0),
                limit=min(
                    asked.get("syncMarkerLimit") or self.till.settings.page_cap, self.till.settings.page_cap
                ),
                fits=(lambda row: row["employeeNumber"] in numbers) if numbers else None,
            )
        }

    def get_employee(self, arguments: Arguments) -> Values:
        found = self.employees.get(arguments["employeeNumber"])
        if found is None or not self.allowed("employees"):
            return {"result": "GET-EMPLOYEE-RESULT-NOT-FOUND"}
        return {"result": "GET-EMPLOYEE-RESULT-OK", "employee": found}
