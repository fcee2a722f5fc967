"""`ripstop redirect` between two network namespaces joined by a veth pair, all of the test's own."""

import os
import pathlib
import shutil
import subprocess

import pytest

from member_runner import HERE, ripstop_program

PROXY_USER = 1337
APPLICATION_USER = 1000
CONNECT = """
import os, socket, sys
os.setresuid(*[int(sys.argv[1])] * 3)
with socket.create_connection((sys.argv[2], int(sys.argv[3])), 5) as connection:
    print(connection.makefile().read().strip())
"""
ASK = """
import os, socket, sys
os.setresuid(*[int(sys.argv[1])] * 3)
with socket.socket(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.settimeout(5)
    asking.connect((sys.argv[2], 53))
    asking.send(b"?")
    print(asking.recv(100).decode())
"""


class Namespace:
    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 1000"],
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.servers = []
        self.run("ip", "link", "set", "lo", "up")

    def words(self, *words):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--", *words]

    def run(self, *words, check=True, **options):
        return subprocess.run(self.words(*words), capture_output=True, text=True, check=check, timeout=20, **options)

    def serve(self, *what):
        server = subprocess.Popen(self.words("/usr/bin/python3", str(HERE / "redirect_servers.py"), *what),
                                  stdout=subprocess.PIPE, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        assert server.stdout.readline() == b"listening\n"
        self.servers.append(server)

    def connect(self, address, port, user=APPLICATION_USER):
        return self.run("/usr/bin/python3", "-c", CONNECT, str(user), address, str(port)).stdout.strip()

    def ask(self, address, user=APPLICATION_USER):
        return self.run("/usr/bin/python3", "-c", ASK, str(user), address).stdout.strip()

    def redirect(self, *words):
        done = self.run(str(ripstop_program()), "redirect", *words, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def rules(self):
        return self.run("nft", "list", "ruleset").stdout

    def close(self):
        for process in (*self.servers, self.holder):
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.fixture(name="pair")
def joined_namespaces():
    if os.geteuid() != 0:
        pytest.skip("a proxy that is another user than the application can only be made by root")
    if not all(shutil.which(program) for program in ("nft", "ip", "nsenter", "unshare")):
        pytest.skip("needs the programs nft, ip, nsenter and unshare")
    pod, peer = Namespace(), Namespace()
    try:
        pod.run("ip", "link", "add", "pod0", "type", "veth", "peer", "name", "peer0", "netns",
                f"/proc/{peer.holder.pid}/ns/net")
        for namespace, device, number in ((pod, "pod0", 1), (peer, "peer0", 2)):
            for address in (f"10.77.0.{number}/24", f"10.78.0.{number}/24", f"fd77::{number}/64", f"fd78::{number}/64"):
                flags = ["nodad"] if ":" in address else []
                namespace.run("ip", "address", "add", address, "dev", device, *flags)
            namespace.run("ip", "link", "set", device, "up")
        pod.serve("report", "15001", "report", "15006", "dns", "15053", "direct", "9080", "direct", "2222")
        peer.serve("direct", "8080", "direct", "3306")
        yield pod, peer
    finally:
        pod.close()
        peer.close()


def test_traffic_goes_through_the_proxy_in_both_directions(pair):
    pod, peer = pair
    pod.redirect("--proxy-uid", str(PROXY_USER))
    assert pod.connect("10.77.0.2", 8080) == "15001 took 10.77.0.2 8080"
    assert pod.connect("fd77::2", 8080) == "15001 took fd77::2 8080"
    assert peer.connect("10.77.0.1", 9080) == "15006 took 10.77.0.1 9080"
    assert peer.connect("fd77::1", 9080) == "15006 took fd77::1 9080"
    assert pod.ask("10.77.0.2") == "dns"
    assert pod.ask("fd77::2") == "dns"


def test_the_proxys_own_traffic_and_the_namespaces_own_are_left_alone(pair):
    pod, _ = pair
    pod.redirect("--proxy-uid", str(PROXY_USER))
    assert pod.connect("10.77.0.2", 8080, user=PROXY_USER) == "direct"
    assert pod.connect("fd77::2", 8080, user=PROXY_USER) == "direct"
    assert pod.connect("127.0.0.1", 9080) == "direct"
    assert pod.connect("::1", 9080) == "direct"
    assert pod.connect("10.77.0.1", 9080) == "direct"


def test_exclusions_hold_for_ports_and_blocks_of_both_families(pair):
    pod, peer = pair
    pod.redirect("--proxy-uid", str(PROXY_USER), "--exclude-inbound-ports", "2222,4444", "--exclude-outbound-ports",
                 "3306", "--exclude-outbound-cidrs", "10.78.0.0/24,fd78::/64")
    assert peer.connect("10.77.0.1", 2222) == "direct"
    assert peer.connect("fd77::1", 2222) == "direct"
    assert peer.connect("10.77.0.1", 9080) == "15006 took 10.77.0.1 9080"
    assert pod.connect("10.77.0.2", 3306) == "direct"
    assert pod.connect("10.78.0.2", 8080) == "direct"
    assert pod.connect("fd78::2", 8080) == "direct"
    assert pod.connect("10.77.0.2", 8080) == "15001 took 10.77.0.2 8080"


def test_doing_it_twice_is_the_same_and_removing_it_leaves_the_rules_of_others(pair):
    pod, peer = pair
    pod.run("nft", "add", "table", "inet", "others")
    pod.redirect("--proxy-uid", str(PROXY_USER))
    once = pod.rules()
    pod.redirect("--proxy-uid", str(PROXY_USER))
    assert pod.rules() == once
    pod.redirect("--remove")
    pod.redirect("--remove")
    assert "table inet others" in pod.rules() and "ripstop" not in pod.rules()
    assert pod.connect("10.77.0.2", 8080) == "direct"
    assert peer.connect("10.77.0.1", 9080) == "direct"


def test_a_dry_run_prints_what_nft_accepts_and_changes_nothing(pair):
    pod, _ = pair
    before = pod.rules()
    ruleset = pod.redirect("--proxy-uid", str(PROXY_USER), "--exclude-outbound-cidrs", "10.0.0.0/8", "--dry-run")
    assert pod.rules() == before
    pod.run("nft", "--check", "-f", "-", input=ruleset)


def test_the_namespaces_are_gone_afterwards(pair):
    holders = [namespace.holder.pid for namespace in pair]
    for namespace in pair:
        namespace.close()
    assert not any(pathlib.Path(f"/proc/{holder}/ns/net").exists() for holder in holders)
