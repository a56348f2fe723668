"""Certificates for tests, and clusters whose processes use them."""
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile

from adbms_process import BUILD, PASSWORD, PATIENCE, Cluster

ADBMS = BUILD / "bin" / "adbms"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
SECONDS = 20 * PATIENCE


def adbms(*words, status=0, **environment):
    """The command line; its standard output and error."""
    done = subprocess.run([str(ADBMS), *map(str, words)], capture_output=True, text=True,
                          timeout=60 * PATIENCE, env=dict(os.environ, **environment), check=False)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done


class Authority:
    """A directory of certificates, made with `adbms certs`."""

    def __init__(self, *names):
        self._directory = tempfile.TemporaryDirectory(prefix="adbms_tls_")
        self.path = pathlib.Path(self._directory.name)
        adbms("certs", "init", self.path)
        self.ca = self.path / "ca.crt"
        if names:
            self.issue(*names)

    def issue(self, *names):
        adbms("certs", "issue", self.path, *names)

    def renew(self, *names):
        adbms("certs", "renew", self.path, *names)

    def crt(self, name):
        return self.path / f"{name}.crt"

    def key(self, name):
        return self.path / f"{name}.key"

    def context(self, holder=None):
        context = ssl.create_default_context(cafile=str(self.ca))
        if holder is not None:
            context.load_cert_chain(self.crt(holder), self.key(holder))
        return context

    def front(self, name="gateway"):
        return [f"gateway.tls.certificate_file={self.crt(name)}",
                f"gateway.tls.key_file={self.key(name)}"]

    def cluster(self, name):
        return [f"cluster.tls.certificate_file={self.crt(name)}",
                f"cluster.tls.key_file={self.key(name)}",
                f"cluster.tls.authority_file={self.ca}"]

    def remove(self):
        self._directory.cleanup()


class TlsCluster(Cluster):
    """All clients over TLS, and, as seven processes, mutual TLS between them."""

    def __init__(self, authority, **options):
        super().__init__(**options)
        self.authority = authority

    def _arguments(self, name):
        arguments = super()._arguments(name)
        settings = self.authority.front() if name in ("all", "gateway") else []
        if self.separate:
            settings += self.authority.cluster(name)
        for setting in settings:
            arguments += ["--set", setting]
        return arguments

    def connect(self, **options):
        """Over TCP and TLS, the server's name checked, unless options say otherwise."""
        parameters = dict(host=self.host, password=PASSWORD, sslmode="verify-full",
                          sslrootcert=str(self.authority.ca))
        parameters.update(options)
        return super().connect(**parameters)

    def conninfo(self, **options):
        parameters = dict(host=self.host, port=self.port, user="adbms", dbname="adbms",
                          sslmode="verify-full", sslrootcert=self.authority.ca)
        parameters.update(options)
        return " ".join(f"{name}={value}" for name, value in parameters.items())


def handshake(cluster, context, host=None):
    """A socket that is encrypted as drivers do it."""
    raw = socket.create_connection((cluster.host, cluster.port), timeout=SECONDS)
    raw.sendall(SSL_REQUEST)
    answer = raw.recv(1)
    assert answer == b"S", answer
    return context.wrap_socket(raw, server_hostname=host or cluster.host)


def shown(cluster):
    """The certificate that the PostgreSQL front shows, in DER."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with handshake(cluster, context) as stream:
        return stream.getpeercert(binary_form=True)
