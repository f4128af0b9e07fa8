"""The calls that change products of a store, as values. All of them may be sent twice: every write is an upsert."""

from __future__ import annotations

from typing import ClassVar

from app.connectors.base import Change, Document


class ProductChange(Change):
    """One call about one product, by its id in the store. ``check_images``: ask whether its pictures can be seen."""

    product: str
    check_images: bool = False


class PutProduct(ProductChange):
    """``PUT`` of a whole product with all of its variants: made where it is not there."""

    action: ClassVar[str] = "put_product"
    body: Document

    def summary(self) -> str:
        """How much of it."""
        variants, images = len(self.body.get("variants") or ()), len(self.body.get("images") or ())
        with_images = f", {images} image{'s' if images != 1 else ''}" if images else ""
        return f"put product: {variants} variant{'s' if variants != 1 else ''}{with_images}"


class PartChange(ProductChange):
    """A call about a part of a product. ``whole`` is what to send in its place where the part is not there any more."""

    body: Document
    whole: PutProduct | None = None

    def summary(self) -> str:
        """Names of fields."""
        return f"{self.action.replace('_', ' ')}: {', '.join(sorted(self.body))}"

    def payload(self) -> Document:
        """The body alone."""
        return self.body


class PatchProduct(PartChange):
    """``PATCH`` of fields of the product itself; its variants are not mentioned, and so stay."""

    action: ClassVar[str] = "patch_product"


class PutVariant(PartChange):
    """``PUT`` of one variant, made where it is not there; its product must be."""

    action: ClassVar[str] = "put_variant"
    variant: str


class PatchVariant(PartChange):
    """``PATCH`` of fields of one variant."""

    action: ClassVar[str] = "patch_variant"
    variant: str


class HideVariant(ProductChange):
    """``PATCH``: one variant, visible to nobody."""

    action: ClassVar[str] = "hide_variant"
    variant: str


class DeleteVariant(ProductChange):
    """``DELETE`` of one variant."""

    action: ClassVar[str] = "delete_variant"
    variant: str


class DeleteProduct(ProductChange):
    """``DELETE`` of a product with its variants; sales that name it keep their lines."""

    action: ClassVar[str] = "delete_product"


class PutImage(PartChange):
    """One image: ``PATCH`` where it is there, else ``POST``."""

    action: ClassVar[str] = "put_image"
    image: str


class DeleteImage(ProductChange):
    """``DELETE`` of one image."""

    action: ClassVar[str] = "delete_image"
    image: str


class SetQuantity(ProductChange):
    """``PATCH`` of one variant's quantity, and of nothing else."""

    action: ClassVar[str] = "set_quantity"
    variant: str
    quantity: int

    def summary(self) -> str:
        """The quantity is no secret."""
        return f"set quantity: {self.quantity}"
