# SPDX-License-Identifier: Apache-2.0
"""A server that takes what is put into it."""

import http.server
import sys


class Bucket(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">local</LocationConstraint>'
        self.send_response(200)
        self.send_header("x-amz-bucket-region", "local")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Bucket).serve_forever()
