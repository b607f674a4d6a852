"""Writes what to do about each message as JSON, for the console, which shows it beside the message."""

from __future__ import annotations

import json
import sys

from generator.catalogue import messages


def main() -> None:
    """Prints the remedies by the ids of their messages; of several sentences with one id, the first that has a remedy."""
    found: dict[str, str] = {}
    for each in messages():
        if each.remedy:
            found.setdefault(each.id, each.remedy)
    json.dump(found, sys.stdout, ensure_ascii=False, sort_keys=True)


if __name__ == "__main__":
    main()
