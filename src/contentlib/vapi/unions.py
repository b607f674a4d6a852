"""Declares unions: which fields of a structure belong to which value of an enumeration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contentlib.messages import Fault
from contentlib.vapi import messages


@dataclass(frozen=True, slots=True)
class TaggedUnion:
    """A union inside a structure: the enumeration in the field `tag` says which of the other fields may be set.

    `cases` maps each value of the enumeration to its fields, and each of those to whether it is required. `default` is the case
    of a structure whose tag is not set; without a default, none of the fields may be set then. In requests, a union that is
    `only_answered` is not checked: operations ignore its fields there.
    """

    tag: str
    cases: Mapping[str, Mapping[str, bool]]
    default: str | None = None
    only_answered: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that belong to a case, in the order of declaration."""
        return tuple(dict.fromkeys(name for case in self.cases.values() for name in case))

    def violations(self, structure: Any, path: str) -> Iterator[Fault]:
        """What is wrong with the fields of a structure at a path: first those of other cases, then those that are missing."""
        tag: str | None = getattr(structure, self.tag)
        case = self.default if tag is None else tag
        allowed = {} if case is None else self.cases[case]
        told = "not set" if tag is None else tag
        for name in self.fields:
            if name not in allowed and getattr(structure, name) is not None:
                yield messages.FIELD_OF_OTHER_CASE(field=f"{path}.{name}", tag=self.tag, case=told)
        for name, required in allowed.items():
            if required and getattr(structure, name) is None:
                yield messages.FIELD_REQUIRED(field=f"{path}.{name}", tag=self.tag, case=told)
