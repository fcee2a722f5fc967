#!/usr/bin/python3
"""An application that answers with the request's header fields as JSON.

It makes FOLDER/listening when it can be asked; FOLDER is the second argument.
GET /hold makes FOLDER/held, and answers once somebody has opened the FIFO FOLDER/release.
"""

import http.server
import json
import pathlib
import sys


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/hold":
            folder = pathlib.Path(sys.argv[2])
            (folder / "held").touch()
            with open(folder / "release", encoding="ascii") as release:
                release.read()
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("", int(sys.argv[1])), Echo)
pathlib.Path(sys.argv[2], "listening").touch()
server.serve_forever()
