"""The command ``nstgraph web``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from foreground import NSTGRAPH
from typer.testing import CliRunner

from nstgraph.cli.app import app

HAS_GRADIO = pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("gradio"),
    reason="the page needs Gradio: pip install 'nstgraph[web]'",
)


def _said(*arguments):
    result = CliRunner().invoke(app, ["web", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "studio.local"])
def test_other_machines_need_a_password(host):
    code, output = _said("--host", host)
    assert code == 2 and f"{host} may be reached by other machines" in output and "--password-file" in output


def test_a_password_that_others_may_read_is_refused(tmp_path):
    if os.name != "posix":
        pytest.skip("files have other rights there")
    path = tmp_path / "password"
    path.write_text("brush\n")
    path.chmod(0o644)
    code, output = _said("--host", "0.0.0.0", "--password-file", path)
    assert code == 2 and "chmod 600" in output.replace("\n", " ")


def test_without_gradio_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    code, output = _said()
    assert code == 2 and "nstgraph[web]" in output and "Traceback" not in output


@HAS_GRADIO
def test_a_port_in_use_is_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, output = _said("--port", taken.getsockname()[1], "--folder", tmp_path)
    assert code == 2 and "choose another --port" in output.replace("\n", " ") and "Traceback" not in output


@HAS_GRADIO
@pytest.mark.skipif(os.name != "posix", reason="signals are others there")
def test_the_address_is_printed_once_it_answers_and_ctrl_c_ends_it(tmp_path):
    words = [*NSTGRAPH, "web", "--port", "0", "--folder", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert b"nstgraph" in answer.read()
        process.send_signal(signal.SIGINT)
        try:
            _, said = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130 and "Traceback" not in said and "interrupted" in said
    assert f"kept in {tmp_path}" in said
