"""Writes names from strangers into filters and distinguished names, where they cannot become syntax (RFC 4515, RFC 4514)."""

from __future__ import annotations

_FILTER = {"\\", "*", "(", ")", "\0"}
_NAME = set('\\,+"<>;=#/')


def fill_filter(template: str, **values: str) -> str:
    """Replaces the placeholders of a filter."""
    return _fill(template, {name: filter_value(value) for name, value in values.items()})


def fill_name(template: str, login: str) -> str:
    """Replaces `{login}` in a distinguished name, or in a user principal name, which has no syntax but its @."""
    return _fill(template, {"login": name_value(login) if "=" in template else login})


def filter_value(text: str) -> str:
    """A text as a value in a filter."""
    return "".join(f"\\{ord(each):02x}" if each in _FILTER else each for each in text)


def name_value(text: str) -> str:
    """A text as a value in a distinguished name, with everything in hexadecimal digits that might have a meaning."""
    escaped = [_hexadecimal(each) if each in _NAME or not each.isprintable() else each for each in text]
    for end in (0, -1):
        if text and text[end] == " ":
            escaped[end] = "\\20"
    return "".join(escaped)


def _hexadecimal(character: str) -> str:
    return "".join(f"\\{each:02x}" for each in character.encode("utf-8", "surrogatepass"))


def _fill(template: str, values: dict[str, str]) -> str:
    """Replaces all placeholders in one pass, so that a value is never searched for the next one."""
    filled, rest = "", template
    while rest:
        found = [(place, name) for name in values if (place := rest.find(f"{{{name}}}")) >= 0]
        if not found:
            return filled + rest
        place, name = min(found)
        filled += rest[:place] + values[name]
        rest = rest[place + len(name) + 2 :]
    return filled
