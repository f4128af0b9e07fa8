"""The settings of this process, from its environment; what cannot be used there is a sentence."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from app.errors import AdministratorError
from app.settings import Settings


def settings_of(**given: Any) -> Settings:
    """The settings of the environment. Raises AdministratorError naming the variable that cannot be used."""
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        said = first["msg"].removeprefix("Value error, ")
        name = str(first["loc"][0]).upper() if first["loc"] else "The environment"
        raise AdministratorError(
            f"{name} cannot be used: {said[0].lower()}{said[1:]}.",
            advice="Change it in the environment or in .env.",
            code="setting_unusable",
        ) from None
