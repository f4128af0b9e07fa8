"""Every path that the sandbox answers, in one list that can be read, and the finding of the right one.

The names are what the request log counts and what a fault can be aimed at: ``faults.fail_next(operation="member.put")``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.sandbox.mailchimp import (
    batchcalls,
    cartcalls,
    customercalls,
    fieldcalls,
    interestcalls,
    listcalls,
    membercalls,
    ordercalls,
    productcalls,
    promocalls,
    storecalls,
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
BATCH_WEBHOOK = "/batch-webhooks"
STORES = "/ecommerce/stores"
STORE = f"{STORES}/{{}}"
PRODUCT = f"{STORE}/products"
VARIANT = f"{PRODUCT}/{{}}/variants"
IMAGE = f"{PRODUCT}/{{}}/images"
CUSTOMER = f"{STORE}/customers"
ORDER = f"{STORE}/orders"
ORDER_LINE = f"{ORDER}/{{}}/lines"
CART = f"{STORE}/carts"
CART_LINE = f"{CART}/{{}}/lines"
RULE = f"{STORE}/promo-rules"
CODE = f"{RULE}/{{}}/promo-codes"

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
    Route("GET", CATEGORY, "categories.get", interestcalls.get_categories),
    Route("POST", CATEGORY, "categories.post", interestcalls.post_category),
    Route("GET", f"{CATEGORY}/{{}}", "category.get", interestcalls.get_category),
    Route("PATCH", f"{CATEGORY}/{{}}", "category.patch", interestcalls.patch_category),
    Route("DELETE", f"{CATEGORY}/{{}}", "category.delete", interestcalls.delete_category),
    Route("GET", INTEREST, "interests.get", interestcalls.get_interests),
    Route("POST", INTEREST, "interests.post", interestcalls.post_interest),
    Route("GET", f"{INTEREST}/{{}}", "interest.get", interestcalls.get_interest),
    Route("PATCH", f"{INTEREST}/{{}}", "interest.patch", interestcalls.patch_interest),
    Route("DELETE", f"{INTEREST}/{{}}", "interest.delete", interestcalls.delete_interest),
    Route("GET", WEBHOOK, "webhooks.get", webhookcalls.get_webhooks),
    Route("POST", WEBHOOK, "webhooks.post", webhookcalls.post_webhook),
    Route("GET", f"{WEBHOOK}/{{}}", "webhook.get", webhookcalls.get_webhook),
    Route("PATCH", f"{WEBHOOK}/{{}}", "webhook.patch", webhookcalls.patch_webhook),
    Route("DELETE", f"{WEBHOOK}/{{}}", "webhook.delete", webhookcalls.delete_webhook),
    Route("GET", "/batches", "batches.get", batchcalls.get_batches),
    Route("POST", "/batches", "batches.post", batchcalls.post_batch),
    Route("GET", "/batches/{}", "batch.get", batchcalls.get_batch),
    Route("DELETE", "/batches/{}", "batch.delete", batchcalls.delete_batch),
    Route("GET", BATCH_WEBHOOK, "batchwebhooks.get", batchcalls.get_webhooks),
    Route("POST", BATCH_WEBHOOK, "batchwebhooks.post", batchcalls.post_webhook),
    Route("GET", f"{BATCH_WEBHOOK}/{{}}", "batchwebhook.get", batchcalls.get_webhook),
    Route("PATCH", f"{BATCH_WEBHOOK}/{{}}", "batchwebhook.patch", batchcalls.patch_webhook),
    Route("DELETE", f"{BATCH_WEBHOOK}/{{}}", "batchwebhook.delete", batchcalls.delete_webhook),
    Route("GET", STORES, "stores.get", storecalls.get_stores),
    Route("POST", STORES, "stores.post", storecalls.post_store),
    Route("GET", f"{STORES}/{{}}", "store.get", storecalls.get_store),
    Route("PATCH", f"{STORES}/{{}}", "store.patch", storecalls.patch_store),
    Route("DELETE", f"{STORES}/{{}}", "store.delete", storecalls.delete_store),
    Route("GET", PRODUCT, "products.get", productcalls.get_products),
    Route("POST", PRODUCT, "products.post", productcalls.post_product),
    Route("GET", f"{PRODUCT}/{{}}", "product.get", productcalls.get_product),
    Route("PUT", f"{PRODUCT}/{{}}", "product.put", productcalls.put_product),
    Route("PATCH", f"{PRODUCT}/{{}}", "product.patch", productcalls.patch_product),
    Route("DELETE", f"{PRODUCT}/{{}}", "product.delete", productcalls.delete_product),
    Route("GET", VARIANT, "variants.get", productcalls.get_variants),
    Route("POST", VARIANT, "variants.post", productcalls.post_variant),
    Route("GET", f"{VARIANT}/{{}}", "variant.get", productcalls.get_variant),
    Route("PUT", f"{VARIANT}/{{}}", "variant.put", productcalls.put_variant),
    Route("PATCH", f"{VARIANT}/{{}}", "variant.patch", productcalls.patch_variant),
    Route("DELETE", f"{VARIANT}/{{}}", "variant.delete", productcalls.delete_variant),
    Route("GET", IMAGE, "images.get", productcalls.get_images),
    Route("POST", IMAGE, "images.post", productcalls.post_image),
    Route("GET", f"{IMAGE}/{{}}", "image.get", productcalls.get_image),
    Route("PATCH", f"{IMAGE}/{{}}", "image.patch", productcalls.patch_image),
    Route("DELETE", f"{IMAGE}/{{}}", "image.delete", productcalls.delete_image),
    Route("GET", CUSTOMER, "customers.get", customercalls.get_customers),
    Route("POST", CUSTOMER, "customers.post", customercalls.post_customer),
    Route("GET", f"{CUSTOMER}/{{}}", "customer.get", customercalls.get_customer),
    Route("PUT", f"{CUSTOMER}/{{}}", "customer.put", customercalls.put_customer),
    Route("PATCH", f"{CUSTOMER}/{{}}", "customer.patch", customercalls.patch_customer),
    Route("DELETE", f"{CUSTOMER}/{{}}", "customer.delete", customercalls.delete_customer),
    Route("GET", "/ecommerce/orders", "allorders.get", ordercalls.get_all_orders),
    Route("GET", ORDER, "orders.get", ordercalls.get_orders),
    Route("POST", ORDER, "orders.post", ordercalls.post_order),
    Route("GET", f"{ORDER}/{{}}", "order.get", ordercalls.get_order),
    Route("PUT", f"{ORDER}/{{}}", "order.put", ordercalls.put_order),
    Route("PATCH", f"{ORDER}/{{}}", "order.patch", ordercalls.patch_order),
    Route("DELETE", f"{ORDER}/{{}}", "order.delete", ordercalls.delete_order),
    Route("GET", ORDER_LINE, "orderlines.get", ordercalls.get_lines),
    Route("POST", ORDER_LINE, "orderlines.post", ordercalls.post_line),
    Route("GET", f"{ORDER_LINE}/{{}}", "orderline.get", ordercalls.get_line),
    Route("PATCH", f"{ORDER_LINE}/{{}}", "orderline.patch", ordercalls.patch_line),
    Route("DELETE", f"{ORDER_LINE}/{{}}", "orderline.delete", ordercalls.delete_line),
    Route("GET", CART, "carts.get", cartcalls.get_carts),
    Route("POST", CART, "carts.post", cartcalls.post_cart),
    Route("GET", f"{CART}/{{}}", "cart.get", cartcalls.get_cart),
    Route("PATCH", f"{CART}/{{}}", "cart.patch", cartcalls.patch_cart),
    Route("DELETE", f"{CART}/{{}}", "cart.delete", cartcalls.delete_cart),
    Route("GET", CART_LINE, "cartlines.get", cartcalls.get_lines),
    Route("POST", CART_LINE, "cartlines.post", cartcalls.post_line),
    Route("GET", f"{CART_LINE}/{{}}", "cartline.get", cartcalls.get_line),
    Route("PATCH", f"{CART_LINE}/{{}}", "cartline.patch", cartcalls.patch_line),
    Route("DELETE", f"{CART_LINE}/{{}}", "cartline.delete", cartcalls.delete_line),
    Route("GET", RULE, "promorules.get", promocalls.get_rules),
    Route("POST", RULE, "promorules.post", promocalls.post_rule),
    Route("GET", f"{RULE}/{{}}", "promorule.get", promocalls.get_rule),
    Route("PATCH", f"{RULE}/{{}}", "promorule.patch", promocalls.patch_rule),
    Route("DELETE", f"{RULE}/{{}}", "promorule.delete", promocalls.delete_rule),
    Route("GET", CODE, "promocodes.get", promocalls.get_codes),
    Route("POST", CODE, "promocodes.post", promocalls.post_code),
    Route("GET", f"{CODE}/{{}}", "promocode.get", promocalls.get_code),
    Route("PATCH", f"{CODE}/{{}}", "promocode.patch", promocalls.patch_code),
    Route("DELETE", f"{CODE}/{{}}", "promocode.delete", promocalls.delete_code),
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
