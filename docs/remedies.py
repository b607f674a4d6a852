"""Writes what to do about each message as JSON, for the console, which shows it beside the message."""

from __future__ import annotations

import json
import sys

from generator.catalogue import messages


def main() -> None:
    """Prints the id, the sentence and the remedy of each message that has one."""
    found = [(each.id, each.template, each.remedy) for each in messages() if each.remedy]
    json.dump(found, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
