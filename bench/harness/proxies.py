"""Who is measured: how each is found, started, and which template configures it for which role."""

import os
import pathlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from harness import templates
from harness.scenarios import nearest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS_HOME = pathlib.Path(os.environ.get("RIPSTOP_PEERS_DIR", ROOT / "build/peers"))


def build_folder():
    """Where our own programs are: RIPSTOP_BUILD, else the release build, else the development build."""
    if os.environ.get("RIPSTOP_BUILD"):
        return pathlib.Path(os.environ["RIPSTOP_BUILD"])
    release = ROOT / "build/release"
    return release if (release / "bin/ripstop-proxy").exists() else ROOT / "build/dev"


def own(name):
    program = build_folder() / "bin" / name
    return str(program) if program.exists() else None


def peer(name):
    inside = PEERS_HOME / "envoy/bin" / name
    return str(inside) if inside.exists() else shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


@dataclass(frozen=True)
class Proxy:
    """`suffix` chooses another template for a role where there is one, as in `http-splice`."""

    name: str
    folder: str  # of its templates
    find: Callable
    command: Callable  # (program, configuration file, working folder) -> words
    suffix: str = ""

    def program(self):
        return self.find()

    def template(self, role):
        return templates.find(self.folder, role + self.suffix)


def envoy_words(program, file, _folder):
    return [program, "-c", file, "--concurrency", "1", "--log-level", "error", "--disable-hot-restart"]


def ripstop_words(program, file, _folder):
    return [program, "-c", file, "--concurrency", "1", "--log-level", "error"]


def haproxy_words(program, file, _folder):
    return [program, "-db", "-f", file]


def nginx_words(program, file, folder):
    return [program, "-p", folder, "-c", file, "-e", "stderr"]


def nghttpx_words(program, file, _folder):
    return [program, f"--conf={file}"]


# Ours reads Envoy's own configuration, so both are given the same files.
PROXIES = {
    one.name: one
    for one in (
        Proxy("ripstop", "envoy", lambda: own("ripstop-proxy"), ripstop_words),
        Proxy("ripstop-h2", "envoy", lambda: own("ripstop-proxy"), ripstop_words, "-h2"),
        Proxy("ripstop-full", "envoy", lambda: own("ripstop-proxy"), ripstop_words, "-full"),
        Proxy("haproxy", "haproxy", lambda: peer("haproxy"), haproxy_words),
        Proxy("haproxy-h2", "haproxy", lambda: peer("haproxy"), haproxy_words, "-h2"),
        Proxy("haproxy-splice", "haproxy", lambda: peer("haproxy"), haproxy_words, "-splice"),
        Proxy("nginx", "nginx", lambda: peer("nginx"), nginx_words),
        Proxy("nghttpx", "nghttpx", lambda: peer("nghttpx"), nghttpx_words),
        Proxy("envoy", "envoy", lambda: peer("envoy"), envoy_words),
        Proxy("envoy-h2", "envoy", lambda: peer("envoy"), envoy_words, "-h2"),
    )
}


def choose(text):
    """The proxies that a comma-separated list names, or all for an empty one. Raises ValueError."""
    names = [word for word in text.split(",") if word] or list(PROXIES)
    for name in names:
        if name not in PROXIES:
            raise ValueError(f"unknown proxy {name}{nearest(name, list(PROXIES))} (known: {', '.join(PROXIES)})")
    return [PROXIES[name] for name in names]


def taking_part(scenario, chosen):
    """({name: Proxy} that can run this scenario, {name: why not})."""
    able, unable = {}, {}
    for one in chosen:
        if one.name not in scenario.proxies:
            continue
        if one.program() is None:
            unable[one.name] = "not built" if one.name.startswith("ripstop") else "not installed (scripts/setup --peers)"
        elif any(one.template(role) is None for role in scenario.roles):
            unable[one.name] = "not supported"
        else:
            able[one.name] = one
    return able, unable
