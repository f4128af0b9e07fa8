"""Every path that the sandbox answers, in one list that can be read, and the finding of the right one.

The names are what the request log counts and what a fault can be aimed at: ``faults.fail_next(operation="member.put")``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.sandbox.mailchimp import (
    fieldcalls,
    listcalls,
    membercalls,
    webhookcalls,
)
from app.sandbox.mailchimp.call import Handler
from app.sandbox.mailchimp.problems import ProblemError, not_allowed, not_found

DEEPEST = 9  # segments below /3.0; more is "nested too deeply"


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    name: str
    handler: Handler


LISTS = "/lists/{}"
MEMBER = f"{LISTS}/members/{{}}"
FIELD = f"{LISTS}/merge-fields"
CATEGORY = f"{LISTS}/interest-categories"
INTEREST = f"{CATEGORY}/{{}}/interests"
WEBHOOK = f"{LISTS}/webhooks"

ROUTES: list[Route] = [
    Route("GET", "/", "root.get", listcalls.root),
    Route("GET", "/ping", "ping.get", listcalls.ping),
    Route("GET", "/search-members", "search.get", listcalls.search_members),
    Route("GET", "/lists", "lists.get", listcalls.get_lists),
    Route("POST", "/lists", "lists.post", listcalls.post_list),
    Route("GET", LISTS, "list.get", listcalls.get_list),
    Route("PATCH", LISTS, "list.patch", listcalls.patch_list),
    Route("DELETE", LISTS, "list.delete", listcalls.delete_list),
    Route("POST", LISTS, "list.post", listcalls.post_members),
    Route("GET", f"{LISTS}/members", "members.get", membercalls.get_members),
    Route("POST", f"{LISTS}/members", "members.post", membercalls.post_member),
    Route("GET", MEMBER, "member.get", membercalls.get_member),
    Route("PUT", MEMBER, "member.put", membercalls.put_member),
    Route("PATCH", MEMBER, "member.patch", membercalls.patch_member),
    Route("DELETE", MEMBER, "member.delete", membercalls.delete_member),
    Route("POST", f"{MEMBER}/actions/delete-permanent", "member.forget", membercalls.delete_permanently),
    Route("GET", f"{MEMBER}/tags", "tags.get", membercalls.get_tags),
    Route("POST", f"{MEMBER}/tags", "tags.post", membercalls.post_tags),
    Route("GET", f"{LISTS}/tag-search", "tagsearch.get", membercalls.search_tags),
    Route("GET", FIELD, "mergefields.get", fieldcalls.get_fields),
    Route("POST", FIELD, "mergefields.post", fieldcalls.post_field),
    Route("GET", f"{FIELD}/{{}}", "mergefield.get", fieldcalls.get_field),
    Route("PATCH", f"{FIELD}/{{}}", "mergefield.patch", fieldcalls.patch_field),
    Route("DELETE", f"{FIELD}/{{}}", "mergefield.delete", fieldcalls.delete_field),
    Route("GET", CATEGORY, "categories.get", fieldcalls.get_categories),
    Route("POST", CATEGORY, "categories.post", fieldcalls.post_category),
    Route("GET", f"{CATEGORY}/{{}}", "category.get", fieldcalls.get_category),
    Route("PATCH", f"{CATEGORY}/{{}}", "category.patch", fieldcalls.patch_category),
    Route("DELETE", f"{CATEGORY}/{{}}", "category.delete", fieldcalls.delete_category),
    Route("GET", INTEREST, "interests.get", fieldcalls.get_interests),
    Route("POST", INTEREST, "interests.post", fieldcalls.post_interest),
    Route("GET", f"{INTEREST}/{{}}", "interest.get", fieldcalls.get_interest),
    Route("PATCH", f"{INTEREST}/{{}}", "interest.patch", fieldcalls.patch_interest),
    Route("DELETE", f"{INTEREST}/{{}}", "interest.delete", fieldcalls.delete_interest),
    Route("GET", WEBHOOK, "webhooks.get", webhookcalls.get_webhooks),
    Route("POST", WEBHOOK, "webhooks.post", webhookcalls.post_webhook),
    Route("GET", f"{WEBHOOK}/{{}}", "webhook.get", webhookcalls.get_webhook),
    Route("PATCH", f"{WEBHOOK}/{{}}", "webhook.patch", webhookcalls.patch_webhook),
    Route("DELETE", f"{WEBHOOK}/{{}}", "webhook.delete", webhookcalls.delete_webhook),
]


@dataclass(slots=True)
class Crossing:
    """A point in the tree of paths: what follows by name, what follows as a parameter, what can be done here."""

    named: dict[str, Crossing] = field(default_factory=dict)
    any: Crossing | None = None
    methods: dict[str, Route] = field(default_factory=dict)


def planted(routes: list[Route]) -> Crossing:
    tree = Crossing()
    for route in routes:
        at = tree
        for segment in route.path.strip("/").split("/"):
            if segment == "{}":
                at.any = at.any or Crossing()
                at = at.any
            elif segment:
                at = at.named.setdefault(segment, Crossing())
        at.methods[route.method] = route
    return tree


TREE = planted(ROUTES)


def resolve(method: str, path: str) -> tuple[Route, list[str]]:
    """The route of a path below ``/3.0`` and what stands at its parameters; ProblemError when there is none."""
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > DEEPEST:
        raise ProblemError(
            414, "Resource Nesting Too Deep", "The sub-resource requested is nested too deeply."
        )
    at = TREE
    args: list[str] = []
    for segment in segments:
        following = at.named.get(segment)
        if following is None:
            if at.any is None:
                raise not_found()
            args.append(segment)
            following = at.any
        at = following
    route = at.methods.get(method)
    if route is None:
        raise not_allowed(at.methods) if at.methods else not_found()
    return route, args
