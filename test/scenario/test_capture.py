"""`ripstop run` with real namespaces and processes; proxy and control plane are stand-ins."""

import os
import pty
import select
import signal
import socket
import subprocess

import pytest

from member_runner import PATIENCE, Runner, eventually, processes_of, skip_without_namespaces, users

PRINT_ORIGINAL = """
import socket, sys
for address, port in zip(sys.argv[1::2], sys.argv[2::2]):
    with socket.create_connection((address, int(port)), 10) as connection:
        print(connection.makefile().read().strip())
"""

ASK_DNS = """
import socket, struct, sys
query = bytes.fromhex("1234010000010000000000000777657265767300") [:12] + b"\\7reviews\\0\\0\\1\\0\\1"
for address in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(10)
        udp.connect((address, 53))
        udp.send(query)
        print("udp", address, socket.inet_ntoa(udp.recv(512)[-4:]))
    with socket.create_connection((address, 53), 10) as tcp:
        tcp.sendall(struct.pack("!H", len(query)) + query)
        print("tcp", address, socket.inet_ntoa(tcp.makefile("rb").read()[-4:]))
"""


@pytest.fixture(params=users(), ids=lambda user: user or "self")
def runner(request):
    skip_without_namespaces(request.param)
    made = Runner(request.param)
    yield made
    members, registered = made.members(), dict(made.control.workloads)
    left = made.close()
    assert left == [], "processes were left behind"
    if not getattr(made, "was_killed", False):
        assert (members, registered) == ([], {}), "a member was left behind"


def test_the_program_keeps_its_user_and_has_no_capability_left(runner):
    done = runner.run("run", "web", "--", "sh", "-c", "id -u; id -g; grep -E '^(Cap|NoNewPrivs)' /proc/self/status")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.split("\n")
    expected = runner.home.stat()
    assert [int(lines[0]), int(lines[1])] == [expected.st_uid, expected.st_gid]
    capabilities = dict(line.split(":\t") for line in lines[2:] if line)
    assert capabilities.pop("NoNewPrivs") == "1"
    assert set(capabilities) == {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}
    assert {int(value, 16) for value in capabilities.values()} == {0}


def test_outgoing_tcp_reaches_the_proxy_with_its_original_destination(runner):
    said = runner.python(PRINT_ORIGINAL, "192.0.2.1", "80", "2001:db8::1", "443", "10.9.8.7", "65535")
    assert said.splitlines() == ["original 4 192.0.2.1 80", "original 6 2001:db8::1 443", "original 4 10.9.8.7 65535"]


def test_dns_reaches_the_proxy_whatever_the_resolvers_address(runner):
    addresses = ["127.0.0.53", "127.0.0.1", "192.0.2.53", "::1", "2001:db8::53"]
    said = runner.python(ASK_DNS, *addresses)
    assert said.splitlines() == [f"{kind} {address} 192.0.2.7" for address in addresses for kind in ("udp", "tcp")]


def test_getaddrinfo_works_with_the_hosts_own_resolv_conf(runner):
    code = """
import socket
for flags in (0, socket.AI_ADDRCONFIG):
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNSPEC):
        found = socket.getaddrinfo("reviews", 80, family, socket.SOCK_STREAM, 0, flags)
        print(*sorted(entry[4][0] for entry in found))
"""
    v4, v6 = "192.0.2.7", "2001:db8::7"
    assert runner.python(code).splitlines() == [v4, v6, f"{v4} {v6}"] * 2


def test_loopback_is_the_applications_own(runner):
    code = """
import socket
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    server = socket.create_server((address, 0), family=family)
    client = socket.create_connection(server.getsockname()[:2], 10)
    server.accept()[0].sendall(b"mine\\n")
    print(client.makefile().readline().strip())
"""
    assert runner.python(code).splitlines() == ["mine", "mine"]


def test_there_is_no_other_way_out_than_the_proxy(runner):
    done = runner.run("run", "web", "--", "cat", "/proc/net/dev")
    devices = [line.split(":")[0].strip() for line in done.stdout.splitlines()[2:]]
    assert [device for device in devices if device not in ("tunl0", "sit0", "gre0", "ip6tnl0")] == ["lo"]


def test_port_80_can_be_served_and_the_proxy_reaches_it_through_the_broker(runner):
    code = """
import socket
server = socket.create_server(("", 80))
print("serving", flush=True)
connection, _ = server.accept()
connection.sendall(b"greeting first\\n" + connection.recv(100))
connection.shutdown(socket.SHUT_WR)
connection.recv(1)  # what is under way ends before the program, and its proxy with it
"""
    member = runner.start("run", "web", "--port", "80", "--", "/usr/bin/python3", "-c", code,
                          env={"FAKE_PROXY_PORTS": "80"})
    said = member.stdout.readline()
    assert said == "serving\n", member.communicate()
    (workload,) = runner.control.workloads.values()
    address, port = workload["ports"][0]["address"].rsplit(":", 1)
    with socket.create_connection((address, int(port)), 10) as connection:
        connection.sendall(b"hello")
        assert connection.makefile().read() == "greeting first\nhello"
    assert member.wait(20) == 0
    member.communicate()


@pytest.mark.parametrize(("command", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143),
                                                 ("kill -KILL $$", 137)])
def test_the_exit_status_is_the_programs(runner, command, status):
    done = runner.run("run", "web", "--", "sh", "-c", command)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


@pytest.mark.parametrize(("program", "status", "reason"), [("/no/such/program", 127, "No such file"),
                                                           ("/etc/passwd", 126, "Permission denied")])
def test_a_program_that_cannot_be_run_is_told_as_a_shell_would(runner, program, status, reason):
    done = runner.run("run", "web", "--", program)
    assert done.returncode == status
    assert program in done.stderr and reason in done.stderr


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGINT, signal.SIGRTMIN + 3])
def test_signals_reach_the_program(runner, sent):
    code = f"""
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [{int(sent)}])
print("ready", flush=True)
print(int(signal.sigwait([{int(sent)}])), flush=True)
raise SystemExit(5)
"""
    member = runner.start("run", "web", "--", "/usr/bin/python3", "-c", code)
    assert member.stdout.readline() == "ready\n"
    member.send_signal(sent)
    assert member.stdout.read() == f"{int(sent)}\n"
    assert member.wait(20) == 5
    member.communicate()


def test_standard_input_and_inherited_descriptors_pass_through(runner):
    reading, writing = os.pipe()
    done = runner.run("run", "web", "--", "bash", "-c", f"cat; echo error >&2; echo out-of-band >&{writing}",
                      input="through\n", pass_fds=[writing])
    os.close(writing)
    assert (done.returncode, done.stdout, done.stderr) == (0, "through\n", "error\n")
    assert os.read(reading, 100) == b"out-of-band\n"
    os.close(reading)


def test_output_ends_when_the_program_closes_it(runner):
    member = runner.start("run", "web", "--", "sh", "-c", "echo last; exec >&- 2>&-; read line", stdin=subprocess.PIPE)
    assert member.stdout.readline() == "last\n"
    member.stdin.close()
    assert member.wait(20) == 1
    member.stdout.close()
    member.stderr.close()


def test_a_terminal_stays_the_controlling_one_and_ctrl_c_comes_once(runner):
    code = """
import os, signal
count = 0
def note(*_):
    global count
    count += 1
    os.write(1, b"interrupted\\n")
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, lambda *_: os._exit(count))
assert os.tcgetpgrp(0) == os.getpgrp()
print("ready", os.isatty(0), os.isatty(1), flush=True)
while True:
    signal.pause()
"""
    master, slave = pty.openpty()
    member = runner.start("run", "web", "--", "/usr/bin/python3", "-c", code, stdin=slave, stdout=slave, stderr=slave,
                          preexec_fn=lambda: take_terminal(slave))
    os.close(slave)
    assert b"ready True True" in read_until(master, b"\n")
    os.write(master, b"\x03")
    read_until(master, b"interrupted")
    member.terminate()
    assert member.wait(20) == 1, "the interrupt must come once, not once more from the supervisor"
    os.close(master)


def take_terminal(terminal):
    import fcntl
    import termios
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def read_until(fd, what):
    said = b""
    while what not in said:
        assert select.select([fd], [], [], PATIENCE)[0], f"only {said} was said"
        said += os.read(fd, 1024)
    return said


def test_kill_9_of_the_supervisor_leaves_no_process(runner):
    script = "sleep 1000 & setsid sh -c 'trap \"\" TERM; sleep 1000' & echo ready; wait"
    member = runner.start("run", "web", "--", "sh", "-c", script)
    assert member.stdout.readline() == "ready\n"
    assert len(processes_of(runner.home)) >= 5
    runner.was_killed = True
    member.kill()
    member.wait(20)
    eventually(lambda: processes_of(runner.home) == [], "no process left")
    member.communicate()


def test_what_a_killed_member_left_is_swept_by_the_next_one(runner):
    member = runner.start("run", "web", "--", "sh", "-c", "echo ready; sleep 1000")
    assert member.stdout.readline() == "ready\n"
    member.kill()
    member.communicate()
    eventually(lambda: processes_of(runner.home) == [], "no process left")
    assert runner.members() == ["web-1"]
    assert runner.run("run", "other", "--", "true").returncode == 0
    assert (runner.members(), runner.control.workloads) == ([], {})


def test_what_the_program_left_in_the_background_ends_with_it(runner):
    done = runner.run("run", "web", "--", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & exit 3")
    assert done.returncode == 3
    assert processes_of(runner.home) == []


def test_a_proxy_that_dies_is_started_again_and_clients_only_wait(runner):
    code = PRINT_ORIGINAL.replace("import socket, sys", "import socket, sys\nprint('ready', flush=True)\n"
                                  "sys.stdin.readline()")
    member = runner.start("run", "web", "--", "/usr/bin/python3", "-c", code, "192.0.2.1", "80",
                          stdin=subprocess.PIPE)
    assert member.stdout.readline() == "ready\n"
    (sidecar,) = runner.sidecars()
    os.kill(sidecar, signal.SIGKILL)
    output, errors = member.communicate("go\n", timeout=20)
    assert (member.returncode, output) == (0, "original 4 192.0.2.1 80\n")
    assert "signal 9" in errors and "started again" in errors


def test_a_proxy_that_does_not_start_is_told_with_the_end_of_its_log(runner):
    done = runner.run("run", "web", "--", "echo", "never", env={"FAKE_PROXY_FAILS": "1"})
    assert (done.returncode, done.stdout) == (125, "")
    assert "the fake proxy was told to fail" in done.stderr


def test_without_a_control_plane_the_error_says_how_to_start_one(runner):
    (runner.home / "control.json").unlink()
    done = runner.run("run", "web", "--", "echo", "never")
    assert (done.returncode, done.stdout) == (125, "")
    assert "ripstop up" in done.stderr


def test_secrets_are_for_the_user_alone(runner):
    done = runner.run("run", "web", "--label", "version=v2", "--", "sh", "-c",
                      "stat -c '%a %n' $RIPSTOP_HOME/run/* $RIPSTOP_HOME/run/*/*")
    modes = {line.split("/")[-1]: line.split()[0] for line in done.stdout.splitlines()}
    assert modes == {"web-v2-1": "700", "run.json": "600", "bootstrap.json": "600", "join.token": "600",
                     "roots.pem": "600", "proxy.log": "600"}
