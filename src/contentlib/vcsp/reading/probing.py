"""Checks whether a publisher can be subscribed to by requesting the library's document."""

from __future__ import annotations

from contentlib.library.model import Subscription
from contentlib.library.sessions.pulls import Probed, ProbeStatus
from contentlib.outbound.client import Outbound
from contentlib.outbound.messages import PROBE_LIBRARY
from contentlib.outbound.probing import probed
from contentlib.outbound.problems import RequestFailed
from contentlib.outbound.sources import Sources
from contentlib.vcsp.reading.asking import Asking, DocumentLimits
from contentlib.vcsp.reading.lenient import BadDocument

_LIMITS = DocumentLimits(size=1 << 20, seconds=60.0)


class SubscriptionProbes:
    """Probes publishers."""

    def __init__(self, client: Outbound, sources: Sources, limits: DocumentLimits = _LIMITS) -> None:
        self._client = client
        self._sources = sources
        self._limits = limits

    async def probe(self, subscription: Subscription) -> Probed:
        """Probes a library and returns the result. Raises nothing."""
        try:
            await Asking(self._client, self._sources, subscription, self._limits).library()
        except RequestFailed as error:
            return probed(error.problem)
        except BadDocument as error:
            return Probed(ProbeStatus.RESOURCE_NOT_FOUND, PROBE_LIBRARY(problem=str(error)))
        return Probed(ProbeStatus.SUCCESS)
