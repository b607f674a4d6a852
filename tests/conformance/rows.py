"""How each operation is called, and how each of its declared errors comes about, or why it cannot; one row an operation.

To give a service its rows: write a dictionary of operation -> `Row` in `rows_….py`, and name it in `table.py`. A cell is a
function of the `World`, which has what an operation needs to be there first, and answers the arguments as JSON has them:

    "get": Row(
        lambda world: {"library": world.shared, "usage": world.usage()},
        {"not_found": lambda world: {"library": world.shared, "usage": NOBODY}, "unauthorized": ONE_ADMINISTRATOR},
    ),

The first cell is a valid call, whose result must not be an empty list. Then comes each error that the contract declares of the
operation, but for `unauthenticated`, which is tried of every operation: a call that provokes it, or a sentence that says why it
cannot occur here. Everything else follows: each cell is tried in five wire forms and with the SDK, the answers are decoded, and
`make conformance` writes the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from conformance.forms import Arguments, Caller
from conformance.world import World

Make = Callable[[World], Arguments]

STORAGE_FAILS = "only when the storage or the database of the server fails"
ONE_ADMINISTRATOR = "the administrator, the only user so far, has every privilege"
NO_CONTENT = "maintenance stops changes of content, and this changes none"


@dataclass(frozen=True)
class AtOnce:
    """A call that is refused where it is made twice at the same time."""

    call: Make


@dataclass(frozen=True)
class Row:
    """A valid call, and each declared error but unauthenticated: a call that provokes it, or words why it cannot occur.

    One that is `refused` answers an error even so, because the server does not have what it is about.
    """

    call: Make
    errors: Mapping[str, How] = field(default_factory=dict)
    caller: Callable[[World], Caller] = lambda world: world.token
    refused: str | None = None


How = Make | AtOnce | str
"""How an error is provoked, or why it cannot be."""
