"""A certificate authority of the tests' own, made by the openssl program: what a mesh signs with, and what it refuses."""

import subprocess

SECTIONS = """
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[signer]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
"""
LEAF = """
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = critical,URI:{uri}
"""


def openssl(folder, *words):
    subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)


def make_cacerts(folder):
    """The four files of Istio's secret `cacerts`, as its documentation has them made: the chain repeats both ends."""
    folder.mkdir()
    (folder / "sections").write_text(SECTIONS)
    for name, subject in (("root", "/O=operator/CN=root"), ("ca", "/O=operator/CN=signer")):
        openssl(folder, "ecparam", "-genkey", "-name", "prime256v1", "-out", f"{name}-key.pem")
        openssl(folder, "req", "-new", "-key", f"{name}-key.pem", "-subj", subject, "-out", f"{name}.csr")
    openssl(folder, "x509", "-req", "-in", "root.csr", "-signkey", "root-key.pem", "-days", 9, "-out", "root-cert.pem",
            "-extfile", "sections", "-extensions", "root")
    openssl(folder, "x509", "-req", "-in", "ca.csr", "-CA", "root-cert.pem", "-CAkey", "root-key.pem", "-CAcreateserial",
            "-days", 9, "-out", "ca-cert.pem", "-extfile", "sections", "-extensions", "signer")
    chain = (folder / "ca-cert.pem").read_text() + (folder / "root-cert.pem").read_text()
    (folder / "cert-chain.pem").write_text(chain)
    return folder


def make_leaf(cacerts, name, uri, days=1):
    """One file with key, certificate and signer; with `days` below zero its date is past."""
    (cacerts / f"{name}.sections").write_text(LEAF.format(uri=uri))
    openssl(cacerts, "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", f"{name}.key")
    openssl(cacerts, "req", "-new", "-key", f"{name}.key", "-subj", "/", "-out", f"{name}.csr")
    openssl(cacerts, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca-cert.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-days", days, "-out", f"{name}.crt", "-extfile", f"{name}.sections", "-extensions",
            "leaf")
    whole = cacerts / f"{name}.pem"
    whole.write_text("".join((cacerts / part).read_text() for part in (f"{name}.key", f"{name}.crt", "ca-cert.pem")))
    return whole
