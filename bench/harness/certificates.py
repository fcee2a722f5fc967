"""One authority and one P-256 certificate, which every proxy and the load show to each other."""

import pathlib
import subprocess

NAME = "bench.test"
EXTENSIONS = f"""basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:{NAME},URI:spiffe://{NAME}/ns/bench/sa/bench
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make(folder):
    """Writes roots.pem, leaf.pem, leaf.key and both.pem (certificate and key in one) into `folder`."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-days", 2, "-subj", "/CN=bench root", "-keyout", folder / "roots.key",
            "-out", folder / "roots.pem", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-new", *curve, "-subj", f"/CN={NAME}", "-keyout", folder / "leaf.key", "-out", folder / "leaf.csr")
    (folder / "leaf.ext").write_text(EXTENSIONS)
    openssl("x509", "-req", "-in", folder / "leaf.csr", "-CA", folder / "roots.pem", "-CAkey", folder / "roots.key",
            "-set_serial", 2, "-days", 2, "-extfile", folder / "leaf.ext", "-out", folder / "leaf.pem")
    (folder / "both.pem").write_text((folder / "leaf.pem").read_text() + (folder / "leaf.key").read_text())
    return folder
