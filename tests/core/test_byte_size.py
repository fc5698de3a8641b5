"""Sizes in messages and tables."""

import pytest

from mayabook.core.byte_size import format_bytes


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 kB"), (312_400, "312 kB"), (6_560_000, "6.6 MB"), (999_000_000, "999.0 MB"), (3_302_000_000, "3.3 GB")],
)
def test_bytes_are_written_in_the_unit_that_fits(n_bytes: int, text: str) -> None:
    assert format_bytes(n_bytes) == text
