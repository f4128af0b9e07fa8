"""Ports that we listen on: opened before anything is started, so that a taken one is one clear sentence."""

from __future__ import annotations

import errno
import socket

from app.errors import AdministratorError


def open_port(host: str, port: int, *, setting: str) -> socket.socket:
    """A listening socket; port 0 finds a free one. ``setting`` names the variable that chose the port.

    Raises AdministratorError with a sentence for a port that is taken, forbidden, or at an address that is not ours.
    """
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )
    except OSError:
        raise AdministratorError(
            f"HOST={host} is no address of this machine.",
            advice="Leave HOST out for this machine alone, or set 0.0.0.0 to be reached by others.",
            code="host_unknown",
        ) from None
    # The protocol is named because asyncio switches Nagle off only where it sees TCP.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _refused(error, host, port, setting) from None
    return listener


def _refused(error: OSError, host: str, port: int, setting: str) -> AdministratorError:
    advice = f"Stop what uses it, or choose another: {setting}={port + 1000 if port < 64000 else 9000}."
    if error.errno == errno.EADDRINUSE:
        return AdministratorError(
            f"Port {port} is taken by another program.", advice=advice, code="port_taken"
        )
    if error.errno == errno.EACCES:
        return AdministratorError(
            f"Port {port} may not be opened by this user.",
            advice=f"Choose one above 1023: {setting}=8000.",
            code="port_forbidden",
        )
    return AdministratorError(
        f"Port {port} at {host} cannot be opened: {error.strerror}.",
        advice="Check HOST and the port.",
        code="port_closed",
    )


def base_url(listener: socket.socket) -> str:
    """Where a program on this machine reaches it: an address that means every interface is reached by loopback."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not opened
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
