"""The webhook: a small JSON by POST, from a thread of its own; a failure is logged, no more."""

import json
import logging
import threading
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit

log = logging.getLogger(__name__)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is a failure: it could lead from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none."""


_opener = urllib.request.build_opener(_NoRedirect)


def post(address: str, message: dict[str, Any], seconds: float) -> bool:
    """Send a message; whether it was taken (a status of 200 to 299 within so many seconds). Never raises.

    The log names the host only: the rest of an address is often a secret.
    """
    request = urllib.request.Request(  # noqa: S310  # `Schedule` takes https only, but for this machine
        address, json.dumps(message).encode(), {"Content-Type": "application/json", "User-Agent": "aislemap"}
    )
    try:
        with _opener.open(request, timeout=seconds):
            return True
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        log.warning("The webhook at %s did not take the message: %s", urlsplit(address).hostname, reason)
        return False


def send(address: str | None, message: dict[str, Any], seconds: float) -> threading.Thread | None:
    """Send a message in a thread; None, and nothing is sent, without an address."""
    if address is None:
        return None
    thread = threading.Thread(target=post, args=(address, message, seconds), name="webhook", daemon=True)
    thread.start()
    return thread
