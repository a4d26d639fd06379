"""What is measured of the machine that the tests run on."""

from __future__ import annotations

import pytest

from nstgraph import tf
from nstgraph.planning import speed
from nstgraph.planning.speed import Product, native_precision


@pytest.mark.parametrize("precision", ["bfloat16", "float16", "float32"])
def test_a_product_has_a_rate_and_gives_its_session_back(precision):
    with Product(precision, 64) as product:
        rates = [product() for _ in range(3)]
        assert product.gflop == pytest.approx(2 * 64**3 / 1e9)
        assert all(0 < rate < 1e6 for rate in rates)
    with pytest.raises((RuntimeError, tf.errors.CancelledError), match="closed"):
        product()


def test_the_native_precision_is_one_of_two_and_measured_once(monkeypatch):
    first = native_precision()
    assert first in ("float32", "bfloat16")

    def measured_again(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(speed, "Product", measured_again)
    assert native_precision() == first
