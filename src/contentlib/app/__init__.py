"""Puts the parts of the server together: the only room that knows them all.

`core` opens what nearly every part needs, `rules` and `access` make the rules over it, `services` the services, `jobs` the
background work, `doors` what requests go in by. `process` runs all of them in a worker process; `preparation` makes the data
directory ready before the first one starts.
"""

from contentlib.app.preparation import prepare
from contentlib.app.process import create

__all__ = ["create", "prepare"]
