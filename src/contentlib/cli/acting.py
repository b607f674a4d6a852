"""Says in the audit log which command was run on the machine of the server, and by which of its users."""

from __future__ import annotations

import os
import pwd

from typer.main import get_current_context  # type: ignore[attr-defined] # typer exports no other way to it


def act_locally() -> None:
    """Names the command and the user of the machine in entries of the audit log from here on."""
    from contentlib.library.actors import set_actor
    from contentlib.library.model import Actor

    context = get_current_context(silent=True)
    found = Actor(f"local:{_user()}", address="local", operation=context.command_path if context else "contentlib")
    set_actor(lambda: found)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may have no name for it
        return str(os.getuid())
