"""What an end found wrong is told of a connection that its alert has ended, live and replayed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.worlds import connections, rows, scenario

TODAY = {"clients": [{"profile": "chromium-156"}], "duration": "20 s"}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize(
    ("changes", "alert", "reason"),
    [
        ({"server__groups": ["secp521r1"]}, "handshake_failure", "no_group_in_common"),
        (
            {"server__identity": {"key": "ed25519"}, "server__versions": ["TLS 1.3"]},
            "handshake_failure",
            "no_signature_scheme_in_common",
        ),
        ({"server__versions": ["TLS 1.0"]}, "protocol_version", "version_not_offered"),
        (
            {"server__suites": ["TLS_RSA_WITH_RC4_128_SHA"], "server__versions": ["TLS 1.2"]},
            "handshake_failure",
            "no_suite_in_common",
        ),
        (
            {"server__identity": {"key": "ecdsa-p256", "names": ["www.example.org"]}},
            "bad_certificate",
            "certificate_name_mismatch",
        ),
    ],
)
def test_faults_of_one_alert_are_told_apart(
    changes: dict[str, Any], alert: str, reason: str, fidelity: str
) -> None:
    found = rows(connections(scenario(fidelity=fidelity, **TODAY, **changes)))
    told = {(row["symptom"], row["alert"], row["stopped_by"], row["reason"]) for row in found}
    assert told == {("alert", alert, None, reason)}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_what_has_not_failed_has_no_reason(fidelity: str) -> None:
    changes = {"server__identity": "contoso-rsa-2048"}
    found = rows(connections(scenario(fidelity=fidelity, **TODAY, **changes)))
    assert {row["reason"] for row in found} == {None}
    assert "failed" not in {row["outcome"] for row in found}
