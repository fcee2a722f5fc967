"""Stands in for ripstop-control where only the command line is tested: the HTTP API in memory."""

import http.server
import json
import os
import threading


class FakeControl:
    """Serves the API on loopback and writes the control.json of `home`."""

    TOKEN = "token-of-the-fake"

    def __init__(self, home):
        self.workloads = {}
        self.resources = {}
        self.requests = []
        self.registered = 0
        self.lock = threading.Lock()
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                if self.headers.get("authorization") != "Bearer " + fake.TOKEN:
                    status, reply = 401, {"error": {"code": "unauthenticated", "message": "the token is wrong"}}
                else:
                    with fake.lock:
                        fake.requests.append((self.command, self.path, body))
                        status, reply = fake.serve(self.command, self.path, body)
                text = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        os.makedirs(home, mode=0o700, exist_ok=True)
        token_file = os.path.join(home, "api.token")
        with open(token_file, "w", encoding="ascii") as file:
            file.write(self.TOKEN + "\n")
        with open(os.path.join(home, "control.json"), "w", encoding="ascii") as file:
            json.dump({"pid": 1, "version": "0.0.0-fake", "xds_address": self.address, "api_address": self.address,
                       "token_file": token_file, "roots_file": "", "trust_domain": "cluster.local",
                       "mesh_id": "fake"}, file)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, method, path, body):
        if (method, path) == ("POST", "/v1/workloads"):
            return 200, self.register(body)
        if method == "DELETE" and path.startswith("/v1/workloads/"):
            gone = self.workloads.pop(path.rpartition("/")[2], None)
            return (200, {}) if gone else (404, {"error": {"code": "not_found", "message": "no such workload"}})
        return 404, {"error": {"code": "not_found", "message": "the fake has no " + path}}

    def register(self, body):
        self.registered += 1
        workload = "-".join(filter(None, (body["service"], body["labels"].get("version"))))
        name = "%s-%d" % (workload, self.registered)
        self.workloads[name] = body
        return {"id": name, "workload": workload, "join_token": "ripstop-secret", "xds_address": self.address,
                "spiffe_id": "spiffe://cluster.local/ns/%s/sa/%s" % (body["namespace"], body["service_account"]),
                "roots_pem": "", "cluster_id": "c", "mesh_id": "m", "trust_domain": "cluster.local"}
