"""Whom a connection of ours trusts: the certificates of this machine, read once in the life of a process.

To read them takes a twentieth of a second and more of a core, in which nothing else is sent or heard; a client that is
given none reads them anew for each exchange, also for one without TLS.
"""

from functools import cache
from ssl import SSLContext

import httpx2


@cache
def trusted() -> SSLContext:
    """The certificates by which the other side is known; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others."""
    return httpx2.create_ssl_context()
