"""Asks the shop in this container how it is; exit status 0 means well. Used by the image's HEALTHCHECK."""

import os
import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection


def main() -> int:
    try:
        connection = _connection()
        connection.request("GET", "/health")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException) as problem:
        print(problem, file=sys.stderr)
        return 1


def _connection() -> HTTPConnection:
    if os.environ.get("COUNTERSIGN_TLS_CERT"):
        # The question stays inside the container and the certificate names the shop, not the loopback address.
        unverified = ssl._create_unverified_context()  # noqa: S323
        return HTTPSConnection("127.0.0.1", 8000, timeout=4, context=unverified)
    return HTTPConnection("127.0.0.1", 8000, timeout=4)


if __name__ == "__main__":
    sys.exit(main())
