"""Whom a mesh trusts: an operator's CA instead of the self-made one, and the exchange of the root while traffic flows."""

import json
import pathlib
import signal
import urllib.error
import urllib.request

from certificates import make_cacerts
from control import Control
from mesh import Mesh, wait_until

def test_an_operators_ca_signs_for_the_mesh_and_is_remembered(tmp_path):
    given = tmp_path / "cacerts"
    make_cacerts(given)
    with Mesh("--ca-dir", given) as mesh:
        mesh.bookinfo("details")
        mesh.wait_ready(details=1)
        assert mesh.call("curl", "-sf", "http://details:9080/details/0").stdout
        roots = pathlib.Path(mesh.folder, "home/roots.pem")
        assert roots.read_text() == (given / "root-cert.pem").read_text()
        mesh.ripstop("down")
        mesh.ripstop("up")
        assert roots.read_text() == (given / "root-cert.pem").read_text()


def test_a_given_ca_that_cannot_work_is_named_with_what_to_do(tmp_path):
    given = tmp_path / "cacerts"
    make_cacerts(given)

    def refusal():
        control = Control(tmp_path / "home", "--ca-dir", given)
        try:
            assert not control.start(), "it started"
        finally:
            control.kill()
        return control.errors

    key = (given / "ca-key.pem").read_text()
    (given / "ca-key.pem").write_text((given / "root-key.pem").read_text())
    assert "ca-key.pem" in refusal()
    (given / "ca-key.pem").unlink()
    assert "ca-key.pem" in refusal()
    (given / "ca-key.pem").write_text(key)
    with Control(tmp_path / "home", "--ca-dir", given) as control:
        status, reply = control.call("POST", "/v1/root/rotate", {"step": "next"})
        assert status >= 400 and "root-cert.pem" in reply["error"]["message"], "given roots are exchanged in the files"


def call(mesh, path, body):
    file = json.loads(pathlib.Path(mesh.folder, "home/control.json").read_text())
    token = pathlib.Path(file["token_file"]).read_text().strip()
    request = urllib.request.Request(
        f"http://{file['api_address']}{path}", method="POST", data=json.dumps(body).encode(),
        headers={"authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_root_is_exchanged_under_load_without_a_failed_request():
    with Mesh("--certificate-lifetime", "3s") as mesh:
        mesh.bookinfo("reviews", "v1")
        mesh.bookinfo("ratings")
        mesh.wait_ready(reviews=1, ratings=1)
        roots = pathlib.Path(mesh.folder, "home/roots.pem")
        old = roots.read_text()
        load = mesh.start_load(2_000_000)
        mesh.wait_ready(load=1)

        def advance():
            status, reply = call(mesh, "/v1/root/rotate", {"step": "next"})
            assert status in (200, 409, 503), reply
            return reply if status == 200 else None

        assert wait_until(advance, "the new root is handed out")["phase"] == "distributing"
        wait_until(lambda: old in roots.read_text() and roots.read_text() != old, "both roots are published")
        assert wait_until(advance, "the new root signs")["phase"] == "signing"
        assert wait_until(advance, "the old root is dropped")["phase"] == "steady"
        wait_until(lambda: old not in roots.read_text(), "the new root alone is published")
        load.send_signal(signal.SIGINT)
        tally = mesh.finish_load(load)
        assert tally["failures"] == 0 and tally["requests"] > 1000, tally
