"""The block that is printed when everything runs: where things are, how to speak to them, and what to try next."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from app.run_file import RunFile
from app.settings import Settings


def welcome(run: RunFile, settings: Settings, *, path: Path) -> str:
    """The block as lines; nothing in it but the admin key is secret."""
    rows = [("API", f"{run.api_url}/docs"), ("Admin API key", run.admin_api_key)]
    if run.sandbox_accounts is not None:
        rows += [
            ("Till", f"{run.mplus_sandbox_url}/_sandbox/{_life(settings)}"),
            ("Audience", f"{run.mailchimp_sandbox_url}/_sandbox/   what has arrived"),
        ]
    rows += [("For scripts", f"{_short(path)} (these addresses and keys; only you can read it)")]
    steps = _demo_steps(run) if run.sandbox_accounts is not None else _real_steps(settings)
    width = max(len(name) for name, _ in rows) + 3
    return "\n".join(
        [
            "",
            "─" * 78,
            "Everything runs.",
            "",
            *(f"  {name:<{width}}{value}" for name, value in rows),
            "",
            "What to try next:",
            "",
            *(f"  {step}" for step in steps),
            "",
            "Ctrl-C stops everything; the next start goes on where it was.",
            "─" * 78,
            "",
        ]
    )


def _life(settings: Settings) -> str:
    if not settings.demo_life_s:
        return ""
    return f"   somebody edits a relation every {settings.demo_life_s:g} s"


def _demo_steps(run: RunFile) -> list[str]:
    command = _command()
    return [
        "Edit a relation on the till's page and find the person on the audience's page.",
        f"{command} preview 4        what becomes of relation 4, and why, without writing",
        f"{command} check            whether both accounts are well",
        f"{command} poll             ask the till for changes at once",
        f'curl -H "Authorization: Bearer {run.admin_api_key}" "{run.api_url}/api/v1/attempts?limit=5"',
        "Your own accounts: make run SANDBOX=0",
    ]


def _real_steps(settings: Settings) -> list[str]:
    steps = [
        "POST /api/v1/connections     your till, then your Mailchimp audience; each is checked at once",
        "POST /api/v1/integrations    the two together, then its flow: it starts paused, says what it would",
        "                             do, and waits for your yes. The README takes you through it.",
    ]
    if settings.public_url is None:
        steps.append(
            "No PUBLIC_URL is set: nothing can be pushed here, and polling alone does the work "
            f"(every {settings.poll_interval_s:g} s)."
        )
    return steps


def _command() -> str:
    return f"{shlex.quote(_short(Path(sys.executable)))} -m app"


def _short(path: Path) -> str:
    """As one types it from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
