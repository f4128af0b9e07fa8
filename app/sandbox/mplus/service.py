"""What the till says of itself: versions, licence, markers, configuration."""

from __future__ import annotations

from collections.abc import Mapping

from app.sandbox.mplus.part import Arguments, Handler, Part, Values

# The marks of getCurrentSyncMarkers that a part may have; the others do not exist in this till and stay 0.
MARKS = (
    "articleSyncMarker articleGroupSyncMarker relationSyncMarker employeeSyncMarker invoiceSyncMarker receiptSyncMarker "
    "orderSyncMarker proposalSyncMarker stockId relationPointsSyncMarker packingSlipSyncMarker"
)
CONFIGURATION = {
    "general.companyName": "De Voorbeeldwinkel",
    "general.currency": "EUR",
    "general.language": "nl-NL",
    "receipts.emailReceipts": "true",
    "webshop.defaultDeliveryMethod": "BEZORGEN",
}


class Service(Part):
    def operations(self) -> Mapping[str, Handler]:
        return {
            "getApiVersion": self.api_version,
            "getDatabaseVersion": lambda _: {"majorNumber": 67, "minorNumber": 1, "revisionNumber": 0},
            "getLicenseInformation": self.licence,
            "getCurrentSyncMarkers": lambda _: self.marks(),
            "getCurrentSyncMarkersV2": self.chosen_marks,
            "getConfiguration": self.configuration,
            "getConfigurationTree": self.configuration_tree,
            "getConfigurationValues": self.configuration_values,
        }

    def api_version(self, _: Arguments) -> Values:
        settings = self.till.settings
        now = self.till.now()
        return {
            "majorNumber": 1,
            "minorNumber": 0,
            "revisionNumber": 0,
            "databaseMajorNumber": settings.service_major,
            "databaseMinorNumber": settings.service_minor,
            "databaseRevisionNumber": 0,
            "serviceMajorNumber": settings.service_major,
            "serviceMinorNumber": settings.service_minor,
            "serviceRevisionNumber": settings.service_revision,
            "serverDate": now.date(),
            "serverDateTime": now,
            "inDebugMode": False,
            "isSlaveApi": False,
            "serviceVersionDisplayString": f"{settings.service} (sandbox)",
        }

    def licence(self, _: Arguments) -> Values:
        modules = [{"moduleGroup": 1, "moduleNumber": 10, "moduleDescription": "API"}]
        if self.till.settings.webhook_module:
            modules.append({"moduleGroup": 1, "moduleNumber": 42, "moduleDescription": "Webhooks"})
        return {
            "companyName": "De Voorbeeldwinkel",
            "city": "Utrecht",
            "licensedBranches": [
                {
                    "branchNumber": branch["branchNumber"],
                    "branchName": branch["branchName"],
                    "licensedModules": modules,
                }
                for branch in self.till.organisation.branches.values()
            ],
        }

    def marks(self) -> dict[str, int]:
        found = dict.fromkeys(MARKS.split(), 0)
        for part in self.till.parts:
            found.update(part.markers())
        return found

    def chosen_marks(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        return {
            name: mark
            for name, mark in self.marks().items()
            if asked.get(f"include{name[0].upper()}{name[1:]}", False)
        }

    def configuration(self, arguments: Arguments) -> Values:
        key = arguments["request"].get("key")
        return {
            "configurationList": [
                {
                    "group": name.split(".")[0],
                    "key": name.split(".")[1],
                    "value": value,
                    "per": "CONFIGURATION-PER-BRANCH",
                }
                for name, value in CONFIGURATION.items()
                if key is None or name.split(".")[1] == key
            ]
        }

    def configuration_tree(self, _: Arguments) -> Values:
        groups = dict.fromkeys(name.split(".")[0] for name in CONFIGURATION)
        return {"configurations": [{"configurationGroupName": name} for name in groups]}

    def configuration_values(self, arguments: Arguments) -> Values:
        keys = arguments["request"].get("configurationKeys") or list(CONFIGURATION)
        return {
            "configurationKeyValues": [
                {
                    "configurationKey": key,
                    "configurationValues": [{"value": CONFIGURATION[key]}],
                    "defaultValue": "",
                }
                for key in keys
                if key in CONFIGURATION
            ]
        }
