"""The calls that bring products about in the till, as values (mplus.md §4.3, §4.4)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from app.connectors.base import Change, Document


class CreateProduct(Change):
    """``createProduct`` with all of its articles. ``numbers`` are theirs, by the shop's name for them.

    The till numbers the product. The articles' numbers are ours and unique there, so a second one is refused.
    """

    action: ClassVar[str] = "create_product"
    safe_to_repeat: ClassVar[bool] = False
    product: Document
    numbers: dict[str, int]

    def summary(self) -> str:
        """How much of it, under which numbers."""
        return f"create product: {_articles(list(self.numbers.values()))}"


class UpdateProduct(Change):
    """``updateProduct``: what is left out stays. ``numbers`` are those of articles that it adds, by the shop's name.

    ``puts_away``: it makes an article inactive.
    """

    action: ClassVar[str] = "update_product"
    number: int
    product: Document
    numbers: dict[str, int] = Field(default_factory=dict)
    puts_away: bool = False

    def summary(self) -> str:
        """Names of fields and numbers of articles."""
        said = [name for name in self.product if name != "articleList"]
        if self.numbers:
            said.append(f"adds {_articles(list(self.numbers.values()))}")
        for article in self.product.get("articleList", ()):
            if article["articleNumber"] not in self.numbers.values():
                fields = ", ".join(sorted(name for name in article if name != "articleNumber"))
                said.append(f"article {article['articleNumber']}: {fields}")
        text = f"update product {self.number}: {'; '.join(said)}"
        return text if len(text) <= 300 else f"{text[:297]}..."


class NewImage(Change):
    """One picture that the till fetches by its address. ``id`` is the source's; ``articles`` are those that it shows."""

    action: ClassVar[str] = "create_image"
    id: str
    name: str
    mime: str
    url: str
    articles: tuple[int, ...]


class AddImages(Change):
    """``createImageFromUrl`` for each of these. A picture that the till cannot fetch is a warning."""

    action: ClassVar[str] = "add_images"
    safe_to_repeat: ClassVar[bool] = False
    images: tuple[NewImage, ...]

    def summary(self) -> str:
        """How many."""
        return f"add {len(self.images)} image{'s' if len(self.images) != 1 else ''}"


def _articles(numbers: list[int]) -> str:
    listed = ", ".join(str(number) for number in numbers[:5])
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"{len(numbers)} article{'s' if len(numbers) != 1 else ''} ({listed}{more})"
