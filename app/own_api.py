"""Calls the API of an installation that runs: for the commands of the terminal, and for the demo."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import httpx

from app.errors import AdministratorError

ANSWER_S = 130.0  # a check or a preview asks the remote systems, which may be slow


class ApiRefused(AdministratorError):
    """The API said no; ``status`` and ``code`` are its own."""

    def __init__(self, detail: str, *, advice: str = "", code: str, status: int):
        super().__init__(detail, advice=advice, code=code)
        self.http_status = status


class OwnApi:
    """One installation's API, called with one key."""

    def __init__(self, base_url: str, key: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = httpx.AsyncClient(
            base_url=f"{self.base_url}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(ANSWER_S, connect=5.0),
            trust_env=False,
        )

    async def __aenter__(self) -> OwnApi:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        """GET. Raises ApiRefused."""
        asked = {name: value for name, value in query.items() if value is not None}
        return await self._call("GET", path, params=asked)

    async def find(self, path: str) -> Any | None:
        """GET, and None for what is not there."""
        try:
            return await self.get(path)
        except ApiRefused as refused:
            if refused.http_status == 404:
                return None
            raise

    async def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """POST. Raises ApiRefused."""
        return await self._call("POST", path, json=body, params=query)

    async def post_yaml(self, path: str, body: bytes, **query: Any) -> Any:
        """POST of a file. Raises ApiRefused."""
        asked = {name: value for name, value in query.items() if value is not None}
        headers = {"Content-Type": "application/yaml"}
        return await self._call("POST", path, content=body, params=asked, headers=headers)

    async def get_text(self, path: str) -> bytes:
        """GET of a file. Raises ApiRefused."""
        answer = await self._sent("GET", path)
        return answer.content

    async def patch(self, path: str, body: Any) -> Any:
        """PATCH. Raises ApiRefused."""
        return await self._call("PATCH", path, json=body)

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = await self._sent(method, path, **more)
        return answer.json() if answer.content else None

    async def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise AdministratorError(
                f"No API answers at {self.base_url} ({type(error).__name__}).",
                advice="Start it with `python -m app up`, or say where it is: --api http://…",
                code="api_away",
            ) from None
        if answer.is_success:
            return answer
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> ApiRefused:
    """What a problem document says; something else in the way of the API says nothing that helps."""
    try:
        problem = answer.json()
        return ApiRefused(
            _told(problem),
            advice=str(problem.get("advice") or ""),
            code=str(problem["code"]),
            status=answer.status_code,
        )
    except (ValueError, KeyError, TypeError):
        return ApiRefused(
            f"{answer.request.url} answered {answer.status_code}, and not as this API answers.",
            advice="Check the address: is this the API, or something before it?",
            code="not_our_api",
            status=answer.status_code,
        )


MOST_TOLD = 10


def _told(problem: Mapping[str, Any]) -> str:
    """The sentence, with the field that it is about, and what else was found."""
    detail, field = str(problem["detail"]), str(problem.get("field") or "")
    misses = problem.get("status") == 422 and field not in detail
    lines = [f"{field}: {detail}" if misses else detail]
    others = [f"{each['field']}: {each['message']}" for each in problem.get("errors") or ()]
    lines += [each for each in others[:MOST_TOLD] if each not in lines]
    more = len(others) - MOST_TOLD
    return "\n".join([*lines, *([f"… and {more} more"] if more > 0 else [])])
