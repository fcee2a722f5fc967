"""Programs that nobody here wrote, as members that talk to each other through the mesh."""

import pathlib
import shutil
import subprocess

import pytest
from mesh import Mesh, can_run_unprivileged, unprivileged, wait_until

pytestmark = pytest.mark.skipif(
    not can_run_unprivileged(), reason="an ordinary user cannot reach the build folder to run members without root"
)


def find(program):
    # Servers are in a folder that is not on an ordinary user's path.
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


def needs(*programs):
    missing = [p for p in programs if find(p) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {missing}")


@needs("curl", "python3")
def test_curl_reaches_python_http_server_by_every_form_of_its_name():
    with Mesh(as_user=True) as mesh:
        page = pathlib.Path(mesh.folder, "page.txt")
        page.write_text("from python\n")
        mesh.run("files", "/usr/bin/python3", "-m", "http.server", "8000", "--directory", mesh.folder, ports=[8000])
        mesh.wait_ready(files=1)
        for host in ["files", "files.default", "files.default.svc", "files.default.svc.cluster.local"]:
            url = f"http://{host}:8000/page.txt"
            done = wait_until(
                lambda u=url: mesh.call("curl", "-sf", "--max-time", "10", u, check=False).stdout, f"an answer from {url}"
            )
            assert done == "from python\n"


@needs("curl", "nginx")
def test_nginx_serves_on_a_low_port_without_root():
    with Mesh(as_user=True) as mesh:
        config = pathlib.Path(mesh.folder, "nginx.conf")
        config.write_text(
            f"daemon off; pid {mesh.folder}/nginx.pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; client_body_temp_path {mesh.folder}/a; proxy_temp_path {mesh.folder}/b;\n"
            f"fastcgi_temp_path {mesh.folder}/c; uwsgi_temp_path {mesh.folder}/d; scgi_temp_path {mesh.folder}/e;\n"
            "server { listen 80; location / { return 200 'from nginx'; } } }\n"
        )
        mesh.run("web", find("nginx"), "-c", config, ports=[80])
        mesh.wait_ready(web=1)
        answer = wait_until(
            lambda: mesh.call("curl", "-sf", "--max-time", "10", "http://web/", check=False).stdout, "an answer of nginx"
        )
        assert answer == "from nginx"


@needs("curl", "nginx", "python3")
def test_an_http2_client_need_not_know_who_speaks_http1_alone():
    with Mesh(as_user=True) as mesh:
        page = pathlib.Path(mesh.folder, "page.txt")
        page.write_text("one page\n")
        config = pathlib.Path(mesh.folder, "nginx.conf")
        config.write_text(
            f"daemon off; pid {mesh.folder}/nginx.pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; client_body_temp_path {mesh.folder}/a; proxy_temp_path {mesh.folder}/b;\n"
            f"fastcgi_temp_path {mesh.folder}/c; uwsgi_temp_path {mesh.folder}/d; scgi_temp_path {mesh.folder}/e;\n"
            f"server {{ listen 8000; root {mesh.folder}; }} }}\n"
        )
        serving_files = ["/usr/bin/python3", "-m", "http.server", "8000", "--directory", mesh.folder]
        mesh.run("python", *serving_files, ports=[8000])
        mesh.run("nginx", find("nginx"), "-c", config, ports=[8000])
        mesh.wait_ready(python=1, nginx=1)
        for server in ("python", "nginx"):
            words = ["curl", "-s", "--http2-prior-knowledge", "--max-time", "10", "-w", "%{http_version} %{http_code}",
                     f"http://{server}:8000/page.txt"]
            wait_until(
                lambda w=words: mesh.call(*w, check=False).stdout == "one page\n2 200", f"the page of {server} by HTTP/2"
            )


@needs("redis-server", "redis-cli")
def test_redis_speaks_through_the_mesh():
    with Mesh(as_user=True) as mesh:
        mesh.run("cache", find("redis-server"), "--port", "6379", "--save", "", "--dir", mesh.folder, ports=[6379])
        mesh.wait_ready(cache=1)
        wait_until(
            lambda: mesh.call("redis-cli", "-h", "cache", "ping", check=False).stdout == "PONG\n", "a PONG of redis"
        )
        assert mesh.call("redis-cli", "-h", "cache", "set", "k", "v").stdout == "OK\n"
        assert mesh.call("redis-cli", "-h", "cache", "get", "k").stdout == "v\n"


POSTGRES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@pytest.mark.skipif(not POSTGRES or not shutil.which("psql"), reason="PostgreSQL is not installed")
def test_postgresql_negotiates_its_own_way():
    with Mesh(as_user=True) as mesh:
        data = pathlib.Path(mesh.folder, "db")
        subprocess.run([*unprivileged(), POSTGRES[-1].parent / "initdb", "-D", data, "-A", "trust", "-U", "me"], check=True, capture_output=True)
        data.joinpath("pg_hba.conf").write_text("host all all 0.0.0.0/0 trust\n")
        mesh.run("db", POSTGRES[-1], "-D", data, "-h", "0.0.0.0", "-k", mesh.folder, ports=[5432])
        mesh.wait_ready(db=1)
        query = ["psql", "-h", "db", "-U", "me", "-d", "postgres", "-Atc", "select 6 * 7"]
        assert wait_until(lambda: mesh.call(*query, check=False).stdout, "an answer of PostgreSQL") == "42\n"
