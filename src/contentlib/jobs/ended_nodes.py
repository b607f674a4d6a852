"""Releases what ended processes had claimed: uploads, tasks and leases of jobs."""

from __future__ import annotations

from contentlib.library.ports import MetadataStore, Nodes
from contentlib.library.sessions.messages import SERVER_STOPPED


class EndedNodes:
    """Looks for processes that have ended, and lets others take over their work."""

    def __init__(self, metadata: MetadataStore, nodes: Nodes) -> None:
        self._metadata = metadata
        self._nodes = nodes
        self._looked = False

    async def run(self) -> None:
        """Releases what was claimed by processes that have ended since the last call; at the first call, by any that has."""
        ended = await self._nodes.ended()
        if ended or not self._looked:
            await release(self._metadata, self._nodes)
            await self._nodes.forget(ended)
            self._looked = True


async def release(metadata: MetadataStore, nodes: Nodes) -> None:
    """Releases everything that is claimed by a process that does not run.

    Files that it received go into ERROR, its tasks are due again, and others do its jobs. Files that the server fetches do not
    change, and neither do those that wait for a client's next request.
    """
    async with metadata.transaction(durable=True) as transaction:
        files, tasks, state = transaction.update_files, transaction.tasks, transaction.state
        claimed = await files.writers() | await tasks.owners() | await state.owners()
        ended = claimed - await nodes.running()  # read after the rows: a process runs before it claims anything
        if ended:
            await files.interrupt(SERVER_STOPPED(), ended)
            await tasks.let_go(ended)
            await state.let_go(ended)
