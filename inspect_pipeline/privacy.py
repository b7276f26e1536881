"""Customer numbers outside the recordings: a keyed hash to link calls by, and a mask to show.

The hash cannot be undone by trying all numbers without the key, and the key is a file of the installation
that is created once, readable by its owner only, and never copied into a table.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from inspect_pipeline.errors import ConfigError

_KEY_BYTES = 32
_NOT_DIGITS = re.compile(r"\D")
_LONG = 8  # digits of a number that is somebody's, not a short code


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """The key of this installation. Never printed."""

    secret: bytes = field(repr=False)

    def customer_id(self, number: str) -> str:
        """Return 32 hex digits that are the same for the same number, however it is written (+86, dashes)."""
        return hmac.new(self.secret, _digits(number).encode(), hashlib.sha256).hexdigest()[:32]


def mask_number(number: str) -> str:
    """Return the number as people may see it: 13812341111 is 138****1111; a short code keeps its last two digits."""
    digits = _digits(number)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= _LONG else f"****{digits[-2:]}"


def default_key_path() -> Path:
    """Return where the key of this installation lives unless the config names another file."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "inspect-pipeline" / "customer.key"


def customer_key(path: Path) -> CustomerKey:
    """Return the key in `path`, creating it (mode 0600) the first time. Raises ConfigError."""
    try:
        if not path.exists():
            _create(path)
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: not a customer key: restore it, or customers cannot be linked to past nights"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot use the customer key: {error.strerror}: name a file with key_file"
        ) from error
    if len(secret) < _KEY_BYTES:
        raise ConfigError(f"{path}: not a customer key: restore it, or customers cannot be linked to past nights")
    return CustomerKey(secret)


def _create(path: Path) -> None:
    """Write a new key next to `path` and link it in: the first of two runs wins, and nobody reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # 0600 from the start
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return  # another run was first: its key is read
    finally:
        Path(draft).unlink(missing_ok=True)


def _digits(number: str) -> str:
    digits = _NOT_DIGITS.sub("", number)
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) == 11:
            return digits.removeprefix(prefix)
    return digits
