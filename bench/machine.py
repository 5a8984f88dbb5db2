"""The machine: what the figures were measured on, and what its processes spent."""

import os
import platform
import resource
from pathlib import Path
from typing import Any

import uvloop
import websockets

TICK = os.sysconf("SC_CLK_TCK")


def open_files() -> None:
    """A seat is a file descriptor on each side: allow as many as the machine does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def described(folder: Path) -> dict[str, Any]:
    """What somebody else must know to compare."""
    return {
        "processeur": _processor(),
        "coeurs": os.cpu_count(),
        "systeme": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "uvloop": uvloop.__version__,
        "websockets": websockets.__version__,
        "memoire_gio": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "disque": _file_system(folder),
        "charge_au_debut": os.getloadavg()[0],
        "fichiers_ouverts": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """Where the database is: in memory, a commit costs nothing."""
    best = ("", "")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if folder.resolve().is_relative_to(place) and len(place) > len(best[0]):
            best = (place, kind)
    return best[1]


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                children.setdefault(_stat(int(entry.name))[1], []).append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu(*pids: int) -> float:
    """The CPU seconds that processes have spent, user and system, ended children included."""
    return sum(sum(_stat(pid)[11:15]) for pid in pids) / TICK


def _stat(pid: int) -> list[int]:
    """The fields of /proc/<pid>/stat, from the state on (0 stands for the letter)."""
    _, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    return [0, *map(int, after.split()[1:])]


def own_memory(*pids: int) -> int:
    """The bytes that these processes alone hold (USS)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Clean:", "Private_Dirty:")):
                total += int(line.split()[1]) * 1024
    return total
