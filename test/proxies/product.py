"""A product that knows nothing of Frontgate: it answers with what it was asked, and echoes what comes after an upgrade."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Product(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.headers.get("Upgrade"):
            return self.upgrade()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # As CGI, WSGI and PHP tell names: in capitals, and with an underscore for whatever is no letter or digit.
        seen = [
            ["".join(c if c.isalnum() else "_" for c in name.upper()), value]
            for name, value in self.headers.items()
        ]
        asked = {"method": self.command, "path": self.path, "headers": seen, "bytes": len(body)}
        text = json.dumps(asked).encode()
        self.send_response(403 if self.path.endswith("/private") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def upgrade(self):
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.end_headers()
        self.wfile.write(self.headers.get("X-Frontgate-User", "nobody").encode() + b"\n")
        while line := self.rfile.readline():
            self.wfile.write(line)
        self.close_connection = True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 200


server = Server(("127.0.0.1", 0), Product)
print(server.server_port, flush=True)
sys.stdin.close()
server.serve_forever()
