from __future__ import annotations

import subprocess

import pytest

from experiments.validation.namespaces import CommandFailed, link, namespace, run

pytestmark = pytest.mark.usefixtures("real_hosts")


def existing() -> str:
    return run("ip", "netns", "list")


def test_a_namespace_is_removed_with_its_processes_whatever_happens() -> None:
    with pytest.raises(RuntimeError), namespace("tested") as place:
        assert place.name in existing()
        sleeper = subprocess.Popen(place.command("sleep", "60"))
        while str(sleeper.pid) not in run("ip", "netns", "pids", place.name):
            assert sleeper.poll() is None
        raise RuntimeError
    assert place.name not in existing()
    assert sleeper.wait(10) == -9


def test_names_do_not_collide() -> None:
    with namespace() as one, namespace() as other:
        assert one.name != other.name


def test_a_link_carries_packets_until_it_is_removed() -> None:
    with namespace() as one, namespace() as other:
        with link(one, other, ("10.9.0.1/24", "10.9.0.2/24")):
            assert "10.9.0.2" in one.ip("route", "get", "10.9.0.2")
            assert "LOWER_UP" in other.ip("link", "show", "wire")
        with pytest.raises(CommandFailed, match="wire"):
            other.ip("link", "show", "wire")


def test_routes_and_sysctls_belong_to_the_namespace() -> None:
    addresses = ("10.9.0.1/24", "10.9.0.2/24")
    with namespace() as one, namespace() as other, link(one, other, addresses):
        one.set_route("10.8.0.0/16", "via", "10.9.0.2")
        one.set_route("10.8.0.0/16", "via", "10.9.0.2", "initcwnd", "3")
        assert "initcwnd 3" in one.ip("route", "show", "10.8.0.0/16")
        before = other.sysctl("net.ipv4.tcp_sack")
        one.set_sysctls({"net.ipv4.tcp_sack": 0, "net.ipv4.tcp_timestamps": 0})
        assert one.sysctl("net.ipv4.tcp_sack") == "0"
        assert other.sysctl("net.ipv4.tcp_sack") == before


def test_a_command_that_fails_is_told_with_its_words_and_stderr() -> None:
    with namespace() as place, pytest.raises(CommandFailed) as failure:
        place.ip("link", "show", "nowhere")
    assert failure.value.command[-1] == "nowhere"
    assert "does not exist" in failure.value.stderr
    with pytest.raises(CommandFailed, match="no-such-program"):
        run("no-such-program")
