"""Loads the system's trusted certificates."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path


def system_roots() -> Iterable[bytes]:
    """The authorities in the system's store, where OpenSSL looks for it: a file (SSL_CERT_FILE), or else a directory."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile is not None:
        files = [Path(paths.cafile)]
    else:
        files = [] if paths.capath is None else sorted(Path(paths.capath).glob("*.[0-9]"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for file in files:
        try:
            context.load_verify_locations(file)
        except (OSError, ssl.SSLError):
            continue  # one file that cannot be read makes none of the others less trusted
    return context.get_ca_certs(binary_form=True)
