"""The formulas themselves, against published values and each other."""

from __future__ import annotations

import pytest

from tests.sim.farm.queueing_theory import (
    erlang_b,
    erlang_c,
    md_c,
    md_c_by_series,
    mg_1,
    mm_c,
    mm_ck,
)


def test_tables_of_erlang_s() -> None:
    """B(10, 5) and C(10, 5) as in any table."""
    assert erlang_b(10, 5.0) == pytest.approx(0.018385, abs=1e-6)
    assert erlang_c(10, 5.0) == pytest.approx(0.036105, abs=1e-6)


@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
def test_formulas_agree_where_they_meet(load: float) -> None:
    assert mm_c(1, load, 1.0) == pytest.approx(mg_1(load, 1.0, 1.0))
    assert md_c(1, load, 1.0) == pytest.approx(mg_1(load, 1.0, 0.0), rel=1e-9)
    for servers in (1, 2, 4, 8):
        offered = load * servers
        assert md_c(servers, offered, 1.0) == pytest.approx(
            md_c_by_series(servers, offered, 1.0), rel=1e-8
        )
        assert mm_ck(servers, servers, offered, 1.0)[0] == pytest.approx(erlang_b(servers, offered))
        assert mm_ck(servers, 2000, offered, 1.0)[1] == pytest.approx(mm_c(servers, offered, 1.0))
