"""What a terminal asks an installation that runs: each answer in lines for people, beside the API's own JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from app import keyring, run_file
from app.errors import AdministratorError
from app.own_api import OwnApi
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``well`` decides the exit code."""

    lines: tuple[str, ...]
    json: Any
    well: bool = True


def api_of(settings: Settings, *, address: str | None, key: str | None) -> OwnApi:
    """The API that is meant: as told, else the one that ``run.json`` names, else the one of these settings.

    Raises AdministratorError when no key is known.
    """
    run = run_file.read(settings.var_dir)
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - compared
    found = key or _key(settings) or (run.admin_api_key if run else None)
    if found is None:
        raise AdministratorError(
            f"No API key is known in {settings.var_dir}.",
            advice="Start everything with `python -m app up`, or give one: --key t2a_…",
            code="no_key",
        )
    return OwnApi(address or (run.api_url if run else f"http://{host}:{settings.port}"), found)


def _key(settings: Settings) -> str | None:
    """The first admin key, where this installation has one already; asking makes none."""
    if settings.admin_api_key is not None:
        return settings.admin_api_key.get_secret_value()
    if (settings.var_dir / keyring.FILE).exists():
        return keyring.keyring(settings).admin_api_key
    return None


# --- check ----------------------------------------------------------------------------------------------------------


async def check(api: OwnApi, ids: Sequence[str]) -> Answer:
    """Check connections now, all of them when none is named."""
    chosen = list(ids) or [each["id"] for each in await api.get("/connections")]
    if not chosen:
        return Answer(("There are no connections yet. POST /api/v1/connections makes one.",), [])
    found = [await api.post(f"/connections/{id}/check") for id in chosen]
    lines = [line for each in found for line in _checked(each)]
    return Answer(tuple(lines), found, well=all(each["check"]["ok"] for each in found))


def _checked(found: Mapping[str, Any]) -> list[str]:
    connection, check = found["connection"], found["check"]
    said = f"{check['sentence']} {check['advice']}".strip()
    lines = [f"{'ok' if check['ok'] else 'BROKEN':<8}{connection['name']} ({connection['id']}): {said}"]
    lines += [f"        note: {warning}" for warning in check["warnings"]]
    if found["released_flows"]:
        lines.append(f"        goes on now: {', '.join(found['released_flows'])}")
    return lines


# --- poll -----------------------------------------------------------------------------------------------------------


async def poll(api: OwnApi, ids: Sequence[str]) -> Answer:
    """Let running flows ask their source for changes at once, all of them when none is named."""
    chosen = list(ids) or [each["id"] for each in await api.get("/flows", state="running")]
    if not chosen:
        return Answer(("No flow runs. POST /api/v1/flows/{id}/start starts one.",), [], well=False)
    found = [await api.post(f"/flows/{id}/run") for id in chosen]
    return Answer(tuple(f"asked   {_flow_line(each)}" for each in found), found)


def _flow_line(flow: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in flow["deliveries"].items() if count)
    return f"{flow['id']} ({flow['kind']}, {flow['direction']}): {counts or 'nothing yet'}"


# --- preview --------------------------------------------------------------------------------------------------------


async def preview(api: OwnApi, record: str | None, *, flow: str | None, full: bool = False) -> Answer:
    """What would become of one record: by its number at the source, by e-mail address, or any one. Nothing is written.

    ``full`` shows the source and the record in the middle as well.
    """
    chosen = flow or await _only_flow(api)
    which: dict[str, Any] = {"sample": True} if record is None else {"record": record}
    if record is not None and "@" in record:
        which = {"email": record}
    found = await api.post(f"/flows/{chosen}/preview", which)
    lines = [
        " ".join(filter(None, [f"{found['ref']}: {found['outcome']}.", found["reason"], found["advice"]]))
    ]
    if full:
        lines += [
            "  at the source:",
            *_leaves(found["source"]),
            "  in the middle:",
            *_leaves(found["record"]),
        ]
    for target in found["targets"]:
        lines += _target_lines(target)
    if found["fired"]:
        lines.append(f"  rules that fired: {', '.join(found['fired'])}")
    lines += [f"  note: {warning}" for warning in found["warnings"]]
    return Answer(tuple(lines), found, well=found["outcome"] != "held_back")


def _leaves(document: Any) -> list[str]:
    """A document line by line, without what is empty."""
    found: list[tuple[str, Any]] = []

    def walk(value: Any, path: str) -> None:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                walk(inner, f"{path}.{name}" if path else str(name))
        elif isinstance(value, list):
            for at, inner in enumerate(value):
                walk(inner, f"{path}[{at}]")
        elif value not in (None, ""):
            found.append((path, value))

    walk(document or {}, "")
    width = max((len(path) for path, _ in found), default=0)
    return [f"      {path:<{width}}  {value!r}" for path, value in found] or ["      nothing"]


async def _only_flow(api: OwnApi) -> str:
    flows = await api.get("/flows")
    if len(flows) == 1:
        return str(flows[0]["id"])
    names = ", ".join(f"{each['id']} ({each['kind']})" for each in flows)
    raise AdministratorError(
        "There is no flow yet." if not flows else f"There are several flows: {names}.",
        advice="POST /api/v1/integrations/{id}/flows makes one." if not flows else "Choose one: --flow …",
        code="which_flow",
    )


def _target_lines(target: Mapping[str, Any]) -> list[str]:
    head = f"  {target['action']} {target['kind']} {target['natural'] or ''}".rstrip()
    lines = [f"{head}: {target['reason']}" if target["reason"] else head]
    width = max((len(each["path"]) for each in target["differences"]), default=0)
    return lines + [
        f"      {each['path']:<{width}}  {_value(each['held'])} → {_value(each['wanted'])}"
        for each in target["differences"]
    ]


def _value(value: Any) -> str:
    return "nothing" if value in (None, "") else repr(value)


# --- replay ---------------------------------------------------------------------------------------------------------


async def replay(api: OwnApi, ids: Sequence[int], *, flow: str | None, failed: bool) -> Answer:
    """Read records again and bring them about: chosen deliveries, all that failed, or everything of a flow."""
    body: dict[str, Any] = {"failed": failed}
    if ids:
        body["ids"] = list(ids)
    if flow:
        body["flow_id"] = flow
    found = await api.post("/deliveries/replay", body)
    count = found["count"]
    told = f"{count} {'delivery is' if count == 1 else 'deliveries are'} brought about again."
    return Answer((told if count else "Nothing fits, so nothing was asked for.",), found)


# --- backfill -------------------------------------------------------------------------------------------------------


async def backfill(
    api: OwnApi,
    flow: str,
    *,
    since: str | None = None,
    count: int | None = None,
    mails: str | None = None,
    stop: bool = False,
    go_on: bool = False,
) -> Answer:
    """A flow's history: begun, stopped, gone on with; without a wish, how far it is."""
    path = f"/flows/{quote(flow, safe='')}/backfill"
    if stop or go_on:
        found = await api.post(f"{path}/{'stop' if stop else 'continue'}")
    elif since is not None or count is not None:
        asked = {"since": since, "count": count, "mails": mails}
        found = await api.post(path, {name: value for name, value in asked.items() if value is not None})
    else:
        found = await api.get(path)
    total = "?" if found["total"] is None else found["total"]
    lines = [f"{found['state']}: {found['done']} of {total}"]
    if found["seconds_left"] is not None:
        lines.append(f"{found['per_second']} a second, about {found['seconds_left']} seconds left")
    if found["held"]:
        lines.append("The store holds its notices back until it is done.")
    if found["muted"]:
        lines.append(f"Live sales without a notice meanwhile: {', '.join(found['muted'])}")
    return Answer(tuple(lines), found)


# --- compare --------------------------------------------------------------------------------------------------------

_WHAT = {
    "not_sent": "was never sent",
    "changed_there": "was changed at the target",
    "missing_there": "is missing at the target",
    "gone_at_source": "is gone at the source",
}


async def compare(api: OwnApi, flow: str, *, heal: bool = False, show: bool = False) -> Answer:
    """Both sides of a flow, compared now and waited for; with ``show`` the newest comparison as it is."""
    path = f"/flows/{quote(flow, safe='')}/comparison"
    found = await api.get(path) if show else await api.post(path, {"heal": heal})
    while not show and found["state"] in ("asked", "running"):
        await asyncio.sleep(0.5)
        found = await api.get(path)
    source, target = found["source"], found["target"]
    lines = [f"{found['state']}: {found['differ']} differ, {found['healing']} are brought about again"]
    if source is not None and target is not None:
        lines.append(
            f"{source['records']} are to stand there, {target['records']} do; {found['others']} others"
        )
    if found["under_way"]:
        lines.append(f"{found['under_way']} are being delivered just now, and were not judged")
    lines += [f"{found['code']}: {found['detail']}"] if found["code"] else []
    lines += [
        f"  {each['record']} {_WHAT[each['what']]}"
        + (f": {', '.join(each['fields'])}" if each["fields"] else "")
        + (f" (stays so: {each['stays']})" if each["stays"] else "")
        for each in found["differences"]
    ]
    named = sum(each["stays"] is None for each in found["differences"])
    if found["differ"] > named:
        lines.append(f"  and {found['differ'] - named} more")
    lines += [f"note: {found['note']}"] if found["note"] else []
    well = found["state"] in ("done", "asked", "running") and found["differ"] == found["healing"]
    return Answer(tuple(lines), found, well=well)


async def sums(api: OwnApi, flow: str, *, first: str | None = None, last: str | None = None) -> Answer:
    """Sums of sales at both sides, as the CSV that the API answers."""
    days = {name: day for name, day in (("first", first), ("last", last)) if day is not None}
    path = f"/flows/{quote(flow, safe='')}/sums"
    text = (await api.get_text(f"{path}?{urlencode(days)}" if days else path)).decode().removesuffix("\r\n")
    return Answer(tuple(text.split("\r\n")), text)


# --- undo -----------------------------------------------------------------------------------------------------------


async def undo(
    api: OwnApi,
    flow: str,
    *,
    since: str | None = None,
    until: str | None = None,
    triggers: Sequence[str] = (),
    yes: bool = False,
    stop: bool = False,
) -> Answer:
    """What the undo of a run would do; with ``yes`` it is begun and waited for; without a moment, how far it is."""
    path = f"/flows/{quote(flow, safe='')}/undo"
    if stop:
        found = await api.post(f"{path}/stop")
    elif since is None:
        found = await api.get(path)
    else:
        asked = {"since": since, "until": until, "triggers": list(triggers), "approve": yes}
        found = await api.post(path, {name: value for name, value in asked.items() if value is not None})
        while yes and found["state"] in ("asked", "running"):
            await asyncio.sleep(0.5)
            found = await api.get(path)
    foreseen = found["forecast"] if found["state"] == "forecast" else None
    if foreseen is not None:
        least = "" if foreseen["looked_at"] >= found["records"] else "at least "
        lines = [
            f"{found['records']} records were written: {least}{foreseen['put_away']} would be put away again, "
            f"{least}{foreseen['restored']} would get their values from before back"
        ]
        stays, named = foreseen["stays"], foreseen["named"]
    else:
        lines = [
            f"{found['state']}: {found['undone']} of {found['records']} taken back, {found['left']} to come"
        ]
        stays, named = found["stays"] | found["failed"], found["named"]
    lines += [f"{found['code']}: {found['detail']}"] if found["code"] else []
    lines += [f"{count} stay: {code}" for code, count in stays.items()]
    lines += [f"  {each['record']} {each['code']}: {each['reason']}" for each in named]
    if foreseen is not None and foreseen["waiting"]:
        lines.append(
            f"{foreseen['waiting']} more were not delivered yet; they go when the flow is started again."
        )
    return Answer((*lines, found["advice"]), found, well=found["state"] != "failed" and not found["failed"])


# --- apply ----------------------------------------------------------------------------------------------------------


async def apply(
    api: OwnApi,
    file: Path | None,
    *,
    template: str | None = None,
    left: str | None = None,
    right: str | None = None,
    check_only: bool = False,
) -> Answer:
    """Make an integration what a file says, or a template that is shipped; one line for each thing that was done."""
    if template is not None:
        raw = await api.get_text(f"/templates/{quote(template, safe='')}")
    else:
        raw = await asyncio.to_thread(_file, file)
    found = await api.post_yaml(
        "/imports", raw, left=left, right=right, check_only="true" if check_only else None
    )
    before = "Nothing was changed; this is what would be:" if check_only else None
    return Answer((*([before] if before else []), *found["said"]), found)


def _file(path: Path | None) -> bytes:
    if path is None:
        raise AdministratorError("No file is named.", advice="Name one, or --template.", code="no_file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise AdministratorError(
            f"The file {path} cannot be read: {error.strerror}.", advice="Check its name.", code="no_file"
        ) from None
