"""The connection check: who we are, whether we may write, whether the audience is there, and how its store stands.

Every error that a call can raise has its own code, and every code its own advice here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.connectors.base import Diagnosis
from app.connectors.mailchimp import hooks
from app.connectors.mailchimp.audience import Definition
from app.connectors.mailchimp.calls import Api
from app.connectors.mailchimp.stores import Store, Storefront, place
from app.errors import AppError, CredentialsRefused, MisdirectedConnection, TimeError

MAY_NOT_WRITE = frozenset({"viewer", "author"})
OF_THE_STORE_ALONE = frozenset({"missing_rights", "plan_limit"})
"""An account or user that may not sell may still write to contacts."""
_OF_A_DATA_CENTRE = re.compile(r"([a-z]{2,4}\d{1,4})\.api\.mailchimp\.com", re.ASCII)
ADVICE: Mapping[str, str] = {
    "dns_not_found": "Check the end of the API key: what stands behind its last dash names the data centre.",
    "connection_refused": "Check the address of the API; leave it empty to use Mailchimp's own.",
    "connect_timeout": "Check whether a firewall lets this machine reach Mailchimp.",
    "no_connection": "Check whether this machine reaches the internet.",
    "answer_timeout": "Mailchimp is slow: try again in some minutes.",
    "answer_lost": "Try again; if it stays so, something on the way to Mailchimp cuts connections.",
    "unreadable_answer": "Something on the way to Mailchimp changes its answers.",
    "throttled": "Wait some minutes; other programs may be using the same account.",
    "remote_unavailable": "Nothing to change: Mailchimp reports a problem of its own.",
}


async def diagnose(
    api: Api,
    list_path: str,
    definition: Definition,
    storefront: Storefront,
    *,
    webhook_url: str | None = None,
) -> Diagnosis:
    """Never raises what a connection can be wrong about."""
    details: dict[str, str] = {"address": api.host}
    try:
        who = await api.get("/", operation="root.get", params={"fields": "account_name,login_id,role,email"})
    except CredentialsRefused as refused:
        return wrong_data_centre(api, details) or failed(refused, details=details)
    except AppError as error:
        return failed(error, details=details)
    role = str(who.get("role", "")).lower()
    login = str(who.get("login_id", ""))
    account = f"mailchimp:{login}" if login else None
    details |= {"account": str(who.get("account_name", "")), "role": role}
    if role in MAY_NOT_WRITE:
        return Diagnosis(
            ok=False,
            code="missing_rights",
            sentence=f"The key belongs to a user with the role {role}, who may not change contacts.",
            advice="Give the user the role Manager or higher in Mailchimp, or use the key of one who has it.",
            details=details,
            account=account,
        )
    try:
        definition.doubt()
        audience = await definition.look()
        warnings = []
        if audience.double_optin:
            warnings.append("The audience asks for double opt-in: new subscribers confirm by mail first.")
        details |= {"audience": audience.name, "contacts": str(audience.contacts)}
        details["merge_fields"] = " ".join(audience.fields or ())
        try:
            store = await storefront.check()
        except AppError as error:
            if error.code not in OF_THE_STORE_ALONE:
                raise
            warnings.append(
                f"The store cannot be looked at, so products, stock and sales cannot go: {error.detail}"
            )
        else:
            details |= store_facts(storefront.id, store)
            warnings += store_warnings(store, wanted_domain=storefront.wanted_domain)
        if webhook_url:
            hook = hooks.ours(await hooks.listed(api, list_path), webhook_url)
            details["webhook"] = "set up" if hook is not None else "not set up"
            if hook is not None and hooks.lacks(hook, webhook_url):
                details["webhook"] = "needs mending"
    except AppError as error:
        return failed(error, details=details, account=account)
    return Diagnosis(
        ok=True,
        code="ok",
        sentence=f"Mailchimp answers; the audience {audience.name} is there.",
        details=details,
        warnings=tuple(warnings),
        account=account,
    )


def store_facts(id: str, store: Store | None) -> dict[str, str]:
    """What is to be told of the store, or that it is still to be made."""
    if store is None:
        return {"store": f"{id} (made when something is first sent to it)"}
    facts = {"store": store.id, "store_name": store.name, "store_domain": store.domain}
    return {name: value for name, value in facts.items() if value} | {"store_currency": store.currency}


def store_warnings(store: Store | None, *, wanted_domain: str | None) -> list[str]:
    """What is no fault of the store, but would surprise."""
    if store is None:
        return []
    warnings = []
    if store.is_syncing:
        warnings.append(
            f"The store {store.id} is marked as syncing, so Mailchimp holds its order mails and automations back. "
            "An import of this service lets them go when it ends; if another program left the mark, they wait until it "
            "is taken away."
        )
    if wanted_domain and place(wanted_domain) != place(store.domain):
        warnings.append(
            f"The store {store.id} has the domain {store.domain or '(none)'}; the connection's counts only when a store is made."
        )
    return warnings


def wrong_data_centre(api: Api, details: Mapping[str, str]) -> Diagnosis | None:
    """A key is only known where it was made: an address of another data centre refuses it like a wrong one."""
    asked = _OF_A_DATA_CENTRE.fullmatch(api.host)
    if asked is None or api.data_centre is None or asked[1] == api.data_centre:
        return None
    return Diagnosis(
        ok=False,
        code="wrong_data_centre",
        sentence=f"The key was made in the data centre {api.data_centre}, and the address is that of {asked[1]}.",
        advice="Leave the address of the API empty: it follows from the key.",
        details=details,
    )


def failed(error: AppError, *, details: Mapping[str, str], account: str | None = None) -> Diagnosis:
    """The error of a call as a finding."""
    code, sentence = error.code, error.detail
    if code == "not_found":
        lost = MisdirectedConnection("What answers there does not know Mailchimp's API.", code="html_answer")
        code, sentence = lost.code, lost.detail
    advice = error.advice or ADVICE.get(code, "")
    if not advice and isinstance(error, TimeError):
        advice = ADVICE["remote_unavailable"]
    if code == "html_answer" and not advice:
        advice = "Check the address of the API: host, port, and the path /3.0."
    return Diagnosis(ok=False, code=code, sentence=sentence, advice=advice, details=details, account=account)
