"""Versions: how they are numbered, and in what order they come (semver.org 2.0.0)."""

PLAIN = r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}"  # a version's number, as a regular expression
CANDIDATE = r"-rc\.[0-9]{1,4}"  # what a candidate's has after it
LAST = float("inf")  # a version comes after all its candidates


def called(version: str, candidate: int | None) -> str:
    """What a version is called before it is published: 2.1.0-rc.1, or 2.1.0 where nobody reviews it."""
    return f"{version}-rc.{candidate}" if candidate else version


def parted(name: str) -> tuple[str, int | None]:
    """The number that a version bears, or will bear, and that of the candidate: the inverse of `called`."""
    version, _, candidate = name.partition("-rc.")
    return version, int(candidate) if candidate else None


def is_candidate(name: str) -> bool:
    """Whether this is not a version yet."""
    return parted(name)[1] is not None


def order(name: str) -> tuple[float, ...]:
    """Versions in the order of their numbers, not of their letters; a candidate before its version."""
    version, candidate = parted(name)
    return (*map(int, version.split(".")), LAST if candidate is None else candidate)
