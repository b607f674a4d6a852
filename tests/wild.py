"""Packages from the wild: `data/wild/README.md` says where they come from."""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parent / "data" / "wild"


def read(path: str) -> bytes:
    """The bytes of a file, by its path below the folder."""
    file = _ROOT / path
    return file.read_bytes() if file.exists() else gzip.decompress(file.with_name(f"{file.name}.gz").read_bytes())


def members(archive: bytes) -> dict[str, bytes]:
    """The files in an OVA, as Python's own reader sees them."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]  # all are files


@dataclass(frozen=True)
class Facts:
    """What a descriptor tells of its package."""

    systems: tuple[str, ...]
    disks: int
    networks: tuple[str, ...]
    eulas: int = 0
    configurations: int = 0
    properties: int = 0
    collection: bool = False


@dataclass(frozen=True)
class Package:
    """The files of a package, `zeros` by their sizes, and what is known of it."""

    folder: str
    names: tuple[str, ...]
    facts: Facts
    zeros: tuple[tuple[str, int], ...] = ()

    @property
    def files(self) -> dict[str, bytes]:
        """The files by name, the descriptor first."""
        return {**{name: read(f"{self.folder}/{name}") for name in self.names}, **{name: bytes(n) for name, n in self.zeros}}


_CSR = ("com.cisco.csr1000v",), 1, tuple(f"GigabitEthernet{n}" for n in range(1, 4))
_NEW = ("New-shiny-instance",), 1, ("routed",)

PACKAGES = [
    Package("cot", ("v0.9.ovf", "input.vmdk"), Facts(("v0.9",), 1, ("bridged",), eulas=1)),
    Package("cot", ("minimal.ovf",), Facts(("x",), 0, ())),
    Package(
        "cot",
        ("input.ovf", "input.mf", "input.vmdk", "input.iso", "sample_cfg.txt"),
        Facts(("test",), 1, ("VM Network",), configurations=3, properties=10),
    ),
    Package("cot", ("csr1000v.ovf", "input.vmdk", "input.iso"), Facts(*_CSR, configurations=4, properties=27)),
    Package("cot", ("csr1000v_2017.ovf", "input.vmdk", "input.iso"), Facts(*_CSR, configurations=4, properties=26)),
    Package(
        "cot",
        ("iosv.ovf", "input.vmdk"),
        Facts(("com.cisco.iosv",), 2, tuple(f"GigabitEthernet0_{n}" for n in range(16)), configurations=4),
    ),
    Package("cot", ("vmware.ovf", "input.vmdk"), Facts(("vmw",), 1, ("lanethernet0",), properties=1)),
    Package("cot", ("ubuntu.2.0.ovf", "ubuntu.2.0.mf", "ubuntu.2.0-disk1.vmdk"), Facts(("ubuntu",), 1, ("NAT",))),
    Package("cot", ("ersatz_ovf_3.0.ovf",), Facts(("x",), 0, ())),
    Package("ganeti", ("ganeti.ovf", "ganeti.mf", "new_disk.vmdk"), Facts(*_NEW)),
    Package("ganeti", ("gzip_disk.ovf", "compr_disk.vmdk.gz"), Facts(*_NEW)),
    Package(
        "ganeti", ("virtualbox.ovf", "new_disk.vmdk", "second_disk.vmdk"), Facts(("Ubuntu-freshly-created",), 2, ("bridged",))
    ),
    Package("ganeti", ("empty.ovf",), Facts(("",), 0, ())),
    Package(
        "oslo-vmware",
        ("test.ovf",),
        Facts(("test",), 1, ("dvportgroup-81",)),
        zeros=(("test-file1.iso", 419_840), ("test-disk1.vmdk", 12_046_336)),
    ),
    Package(
        "pyvcloud/yVM",
        ("descriptor.ovf",),
        Facts(("yVM",), 1, (), properties=1, collection=True),
        zeros=(("vm-ee15de00-1008-49a7-89dc-4885ca633c25-disk-0.vmdk", 15_189_504),),
    ),
]

ARCHIVES = {
    "glance/testserver.ova": Facts(("testserver",), 1, ("NAT",)),
    "pyvcloud/test_vapp_template.ova": Facts(("testvm1",), 1, ("none",), collection=True),
    "pyvcloud/template_with_custom_chunk_size.ova": Facts(("testvm1",), 1, ("none",), collection=True),
}
