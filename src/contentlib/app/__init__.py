"""Creates and connects all parts of the server: the only room that knows them all.

`core` opens what most parts need, `rules` and `access` create the rules, `services` the services, `jobs` the background work,
and `doors` the entry points of requests. `process` runs all of them in a worker process; `preparation` prepares the data
directory before the first worker starts.
"""

from contentlib.app.preparation import prepare
from contentlib.app.process import create

__all__ = ["create", "prepare"]
