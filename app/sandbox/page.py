"""The pages of the panel: plain HTML that a person can read and click through, everything escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

if TYPE_CHECKING:
    from app.sandbox.control import Inside, Shelf

PER_PAGE = 50
SHOWN_REQUESTS = 40

LAYOUT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ heading }} · {{ inside.title }}</title><style>
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1rem 1.5rem;color:#1c2733;background:#fbfbf9}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}a{color:#0b5c8c}
table{border-collapse:collapse;width:100%;background:#fff;font-size:.88rem}
th,td{text-align:left;padding:.28rem .6rem;border-bottom:1px solid #e4e4de;vertical-align:top;overflow-wrap:anywhere}
th{background:#f0f0ea;font-weight:600}pre{margin:0;white-space:pre-wrap;font-size:.82rem}
.note{color:#59636e}.said{background:#e7f3e6;border:1px solid #b9d9b6;padding:.4rem .7rem}
form.act{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin:.3rem 0;padding:.5rem .7rem;background:#fff;border:1px solid #e4e4de}
form.act b{min-width:11rem}label{font-size:.8rem;color:#59636e;display:flex;flex-direction:column}
input{font:inherit;padding:.15rem .4rem;width:11rem}button{font:inherit;padding:.2rem .9rem}
.bad{color:#a1260d}
</style></head><body>
<p class="note"><a href="/_sandbox/">{{ inside.title }}</a>{% for s in shelves %} · <a href="/_sandbox/kinds/{{ s.kind }}">{{ s.title }}</a>{% endfor %}</p>
<h1>{{ heading }}</h1>
{{ body }}
</body></html>"""

INDEX = """{% if said %}<p class="said">{{ said }}</p>{% endif %}
<p class="note">A stand-in for trying things out: nothing here is real, nothing leaves this machine.
{% for note in notes %}<br>{{ note }}{% endfor %}</p>
<h2>Inside</h2>
<table><tr><th>kind</th><th>how many</th></tr>
{% for shelf, count in counts %}<tr><td><a href="/_sandbox/kinds/{{ shelf.kind }}">{{ shelf.title }}</a></td><td>{{ count }}</td></tr>{% endfor %}
</table>
{% if actions %}<h2>Do something</h2>
{% for action in actions %}<form class="act" method="post" action="/_sandbox/actions/{{ action.name }}"><b>{{ action.title }}</b>
{% for name, hint in action.fields %}<label>{{ name }}<input name="{{ name }}" placeholder="{{ hint }}"></label>{% endfor %}
<button>do it</button></form>{% endfor %}{% endif %}
<h2>Fill or empty</h2>
<form class="act" method="post" action="/_sandbox/seed"><b>A shop from a seed</b>
<label>size<input name="size" value="200"></label><label>seed<input name="seed" value="1"></label><button>fill</button></form>
<form class="act" method="post" action="/_sandbox/reset"><b>Everything away</b>
<label>cannot be undone<input type="hidden" name="sure" value="yes"></label><button>empty</button></form>
<h2>Faults</h2>
<p class="note">Ordered with POST /_sandbox/faults, cleared with DELETE. Latency {{ faults.latency_ms }} ms,
{{ faults.waiting|length }} waiting, {{ faults.taken }} used.</p>
{% if faults.waiting %}<table><tr><th>kind</th><th>times</th><th>operation</th><th>method</th><th>path</th><th>status</th></tr>
{% for f in faults.waiting %}<tr><td>{{ f.kind }}</td><td>{{ f.times }}</td><td>{{ f.operation }}</td><td>{{ f.method }}</td><td>{{ f.path }}</td><td>{{ f.status }}</td></tr>{% endfor %}
</table>{% endif %}
<h2>Requests</h2>
<p class="note">{{ log.total }} in all, {{ log.in_flight }} under way, never more than {{ log.peak }} at once. The newest first; all of them as
<a href="/_sandbox/requests">JSON</a>. The whole content as <a href="/_sandbox/state">JSON</a>.</p>
<table><tr><th>#</th><th>at</th><th>request</th><th>operation</th><th>answer</th><th>ms</th></tr>
{% for r in requests %}<tr><td>{{ r.number }}</td><td>{{ r.at[11:23] }}</td><td>{{ r.method }} {{ r.path }}</td><td>{{ r.operation }}</td>
<td{% if r.status != None and (r.status == 0 or r.status >= 400) %} class="bad"{% endif %}>{{ "…" if r.status == None else r.status or "none" }}{% if r.fault %} ({{ r.fault }}){% endif %}</td><td>{{ "%.1f"|format(r.seconds * 1000) }}</td></tr>{% endfor %}
</table>"""

KIND = """<form class="act" method="get"><label>contains<input name="q" value="{{ search }}"></label><button>find</button>
<span class="note">{{ total }} records, page {{ number }} of {{ pages }}
{% if number > 1 %} · <a href="?q={{ search|urlencode }}&amp;page={{ number - 1 }}">previous page</a>{% endif %}
{% if number < pages %} · <a href="?q={{ search|urlencode }}&amp;page={{ number + 1 }}">next page</a>{% endif %}</span></form>
<table><tr><th>key</th>{% for column in shelf.columns %}<th>{{ column }}</th>{% endfor %}</tr>
{% for key, row in rows %}<tr><td><a href="/_sandbox/kinds/{{ shelf.kind }}/{{ key|urlencode }}">{{ key }}</a></td>
{% for column in shelf.columns %}<td>{{ cell(column, row.get(column)) }}</td>{% endfor %}</tr>{% endfor %}
</table>"""

RECORD = """<table>{% for name, value in record.items() %}<tr><th>{{ name }}</th><td>{{ cell(name, value) }}</td></tr>{% endfor %}</table>"""

ENVIRONMENT = Environment(autoescape=True)
TEMPLATES = {
    name: ENVIRONMENT.from_string(text)
    for name, text in {"layout": LAYOUT, "index": INDEX, "kind": KIND, "record": RECORD}.items()
}


def index(inside: Inside, *, said: str) -> str:
    log = inside.log
    newest = list(islice(reversed(log.entries), SHOWN_REQUESTS))
    return framed(
        inside,
        inside.title,
        "index",
        said=said,
        notes=inside.notes(),
        counts=[(shelf, len(shelf.rows())) for shelf in inside.shelves()],
        actions=inside.actions(),
        faults=inside.faults,
        log=log,
        requests=[entry.as_json() for entry in newest],
    )


def kind(inside: Inside, shelf: Shelf, *, search: str, number: int) -> str:
    rows = shelf.rows()
    keys = list(rows)
    if search:
        wanted = search.casefold()
        keys = [key for key in keys if wanted in f"{key} {rows[key]}".casefold()]
    pages = max(1, -(-len(keys) // PER_PAGE))
    number = min(max(1, number), pages)
    return framed(
        inside,
        shelf.title,
        "kind",
        shelf=shelf,
        rows=[(key, rows[key]) for key in keys[(number - 1) * PER_PAGE : number * PER_PAGE]],
        total=len(keys),
        number=number,
        pages=pages,
        search=search,
        cell=lambda name, value: cell(shelf, name, value),
    )


def record(inside: Inside, shelf: Shelf, key: str, fields: Mapping[str, Any]) -> str:
    return framed(
        inside,
        f"{shelf.title} {key}",
        "record",
        record=fields,
        cell=lambda name, value: cell(shelf, name, value),
    )


def cell(shelf: Shelf, name: str, value: Any) -> str | Markup:
    """A value; where the shelf says that it names another record, a link to that."""
    if value is None:
        return ""
    if name in shelf.links and not isinstance(value, dict | list | tuple):
        return Markup('<a href="/_sandbox/kinds/{}/{}">{}</a>').format(
            shelf.links[name], quote(str(value), safe=""), value
        )
    if (
        name in shelf.links
        and isinstance(value, list | tuple)
        and all(isinstance(v, str | int) for v in value)
    ):
        return Markup(", ").join(cell(shelf, name, one) for one in value)
    if isinstance(value, dict | list | tuple):
        return Markup("<pre>{}</pre>").format(json.dumps(value, indent=1, ensure_ascii=False, default=str))
    return str(value)


def framed(inside: Inside, heading: str, template: str, **values: Any) -> str:
    body = Markup(TEMPLATES[template].render(**values))  # noqa: S704  rendered with autoescape on
    return TEMPLATES["layout"].render(inside=inside, heading=heading, shelves=inside.shelves(), body=body)
