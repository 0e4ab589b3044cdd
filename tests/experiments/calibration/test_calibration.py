from __future__ import annotations

import tomllib
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.calibration import calibrate, profile_toml, write_profile
from experiments.calibration.timing import line_through, seconds_each
from sim.costs import MachineProfile, OperationPrice, machine_profile
from tls import Operation

PRICES = st.floats(1e-9, 1e-3)


def spin(seconds: float) -> None:
    until = process_time() + seconds
    while process_time() < until:
        pass


def test_seconds_each_is_cpu_time_of_one_call() -> None:
    assert seconds_each(lambda: spin(200e-6), 0.02) == pytest.approx(200e-6, rel=0.2)


@given(each=PRICES, per_byte=PRICES)
def test_a_line_is_found_again(each: float, per_byte: float) -> None:
    measured = [(size, each + size * per_byte) for size in (16, 1024, 16384)]
    for size in (16, 1024, 16384):
        found_each, found_per_byte = line_through(measured)
        assert found_each + size * found_per_byte == pytest.approx(each + size * per_byte, rel=1e-6)


@pytest.mark.parametrize("measured", [[(1, 1.0), (100, 0.5)], [(1, 0.1), (10, 1.2), (100, 13.0)]])
def test_no_price_is_negative(measured: list[tuple[int, float]]) -> None:
    each, per_byte = line_through(measured)
    assert each >= 0
    assert per_byte >= 0
    assert each + per_byte > 0


@pytest.fixture(scope="module")
def measured() -> MachineProfile:
    return MachineProfile.from_toml(profile_toml(calibrate(0.002)), name="here")


def test_what_is_measured_is_a_profile_that_prices_all_the_engine_does(
    measured: MachineProfile,
) -> None:
    """Every operation of the shipped profile, which a test of sim holds against the engine."""
    assert set(measured.operations) == set(machine_profile("xeon-2026").operations)
    for name, price in measured.operations.items():
        bits = next(iter(price.by_bits), 0)
        assert measured.price(Operation(name, bits, 1, 1024)) > 0, name


def test_figures_stand_in_the_order_they_must(measured: MachineProfile) -> None:
    def price(name: str, bits: int = 0, size: int = 0) -> float:
        return measured.price(Operation(name, bits, 1, size))

    assert price("rsa.private", 2048) > price("rsa.private", 1024) > price("rsa.public", 1024)
    assert price("encrypt.3des-cbc", size=16384) > price("encrypt.aes-128-cbc", size=16384)
    assert price("accept") > price("flight") > price("byte", size=1)


def test_a_profile_is_written_as_given(tmp_path: Path) -> None:
    profile = {
        "title": 'A "quoted" machine',
        "source": "two\nlines",
        "operations": {
            "accept": {"each": 1e-05},
            "rsa.private": {"by_bits": {"1024": 0.0001}, "exponent": 3},
        },
    }
    file = tmp_path / "profile.toml"
    write_profile(file, profile)
    assert tomllib.loads(file.read_text(encoding="utf-8")) == profile
    read = MachineProfile.from_toml(file.read_text(encoding="utf-8"), name="profile")
    assert read.operations["rsa.private"] == OperationPrice(by_bits={1024: 1e-4}, exponent=3)


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_profile(tmp_path / "missing" / "profile.toml", calibrate(0.0001))
