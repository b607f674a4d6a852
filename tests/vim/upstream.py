"""Reads the managed object types of vSphere's Web Services and their methods from pyVmomi, into `upstream_methods.txt`.

After an upgrade of pyVmomi: `PYTHONPATH=tests .venv/bin/python -m vim.upstream`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyVmomi.VmomiSupport

import contentlib.vim

FILE = Path(contentlib.vim.__file__).with_name("upstream_methods.txt")
VMOMI: Any = pyVmomi.VmomiSupport  # its functions have no types
_SPACES = ("urn:vim25", "urn:pbm")


def listed() -> str:
    """A line for each type: its name, and the methods that it does not inherit."""
    types = [VMOMI.GetVmodlType(name) for name in VMOMI._managedDefMap]
    spoken = [each for each in types if VMOMI.GetWsdlNamespace(each._version) in _SPACES]
    lines = {each._wsdlName: sorted(method.wsdlName for method in each._methodInfo.values()) for each in spoken}
    return "".join(" ".join([name, *lines[name]]) + "\n" for name in sorted(lines))


if __name__ == "__main__":
    FILE.write_text(listed(), "utf-8")
