"""What the console's tests share: a browser without a window."""
import contextlib
import http.client
import json
import re

from adbms_process import PASSWORD, PATIENCE, ClusterTest, run

MIB = 1 << 20


class Browser:
    """One browser: a cookie and the page's token."""

    def __init__(self, cluster, role=None, password=PASSWORD):
        self.address = cluster.addresses["http"]
        self.cookie = None
        self.csrf = None
        if role is not None:
            status, headers, body = self.sign_in(role, password)
            assert status == 200, (status, body)
            self.cookie = headers["Set-Cookie"].split(";")[0]
            self.csrf = json.loads(body)["csrf"]

    def request(self, method, path, body=None, headers=(), raw=False):
        """Status, headers and body; with `raw` the response, still to be read."""
        connection = http.client.HTTPConnection(self.address, timeout=60 * PATIENCE)
        sent = {}
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf:
            sent["X-ADBMS-CSRF"] = self.csrf
        sent.update(dict(headers))
        connection.request(method, path, body, {name: value for name, value in sent.items()
                                                if value is not None})
        response = connection.getresponse()
        if raw:
            return connection, response
        with contextlib.closing(connection):
            return response.status, response.headers, response.read()

    def sign_in(self, role, password, headers=()):
        return self.request("POST", "/api/signin", {"role": role, "password": password}, headers)

    def lines(self, sql, **more):
        status, _, body = self.request("POST", "/api/sql", {"sql": sql, **more})
        assert status == 200, (status, body)
        return [json.loads(line) for line in body.decode().split("\n") if line]

    def rows(self, sql, **more):
        found = []
        for line in self.lines(sql, **more):
            if "error" in line:
                raise AssertionError(line["error"])
            found += line.get("rows", [])
        return found

    def state(self, sql, **more):
        """The SQLSTATE that it fails with, or None."""
        return next((line["error"]["code"] for line in self.lines(sql, **more) if "error" in line),
                    None)


def resident_bytes(cluster):
    process = cluster.daemons["gateway" if cluster.separate else "all"].process
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) * 1024


class ConsoleTest(ClusterTest):
    def browser(self, role="adbms", password=PASSWORD):
        return Browser(self.cluster, role, password)

    def role(self, name, options="LOGIN PASSWORD 'secret'"):
        run(self.connect(), f"CREATE ROLE {name} {options}")
        self.addCleanup(lambda: self.cluster.rows(f"DROP ROLE IF EXISTS {name}"))
