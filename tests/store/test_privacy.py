"""Customer numbers are hashed with the installation's key and shown masked."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from inspect_pipeline.errors import ConfigError
from inspect_pipeline.privacy import CustomerKey, customer_key, mask_number


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812341111", "138****1111"),
        ("+86 138 1234 1111", "138****1111"),
        ("0757-83123456", "075****3456"),
        ("10086", "****86"),
        ("", "****"),
    ],
)
def test_mask(number: str, masked: str):
    assert mask_number(number) == masked


def test_one_number_has_one_id_however_it_is_written():
    key = CustomerKey(b"k" * 32)
    assert {key.customer_id(n) for n in ("13812341111", "+8613812341111", "138-1234-1111")} == {
        key.customer_id("13812341111")
    }
    assert key.customer_id("13812341111") != key.customer_id("13812341112")
    assert key.customer_id("13812341111") != CustomerKey(b"l" * 32).customer_id("13812341111")
    assert "k" * 32 not in repr(key)


def test_the_key_is_created_once_for_its_owner_only(tmp_path: Path):
    path = tmp_path / "inspect-pipeline" / "customer.key"
    first = customer_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert customer_key(path) == first
    assert [file.name for file in path.parent.iterdir()] == ["customer.key"]


def test_a_damaged_key_is_not_replaced(tmp_path: Path):
    path = tmp_path / "customer.key"
    for content in ("not hex", "abcd", ""):
        path.write_text(content, encoding="ascii")
        with pytest.raises(ConfigError, match="not a customer key: restore it"):
            customer_key(path)
    assert path.read_text(encoding="ascii") == ""
