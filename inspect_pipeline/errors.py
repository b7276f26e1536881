"""The failures a person can act on. Each is one line that names its place and the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class InspectError(Exception):
    """Anything the user can mend. The command line prints it as one line and exits with `exit_code`."""

    exit_code = 2


class UsageError(InspectError):
    """Options that do not fit together, or a place that cannot be used."""


class ConfigError(InspectError):
    """`inspect.toml` or an environment variable is wrong."""


class ManifestError(InspectError):
    """The list of recordings is wrong: a column, a value, a duplicate."""


class RecordingError(InspectError):
    """One recording cannot be inspected. The call becomes `failed` and the night goes on."""


class ModelError(InspectError):
    """A model is missing, damaged or not the one it should be."""


class DeviceError(InspectError):
    """A GPU failed while it worked. What it did is lost with its process; another process may have better luck."""


class StoreError(InspectError):
    """The tables cannot be read or written."""


class ReviewError(InspectError):
    """The review database refuses what was asked."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that a person wrote."""

    place: str  # path:line
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class PackError(InspectError):
    """A rule pack has mistakes: all of them, of all files, at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))
