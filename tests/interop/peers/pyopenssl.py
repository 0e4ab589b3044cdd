"""pyOpenSSL: an OpenSSL 4.0 that comes with the library, and knows post-quantum groups and keys.

Which groups it offers and takes is read from the file in OPENSSL_CONF when the library is loaded:
so each choice of groups is a process of its own, which talks over its standard input and output.

    python pyopenssl.py server|client CHAIN KEY ROOT GROUP
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

CONFIGURATION = """
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = ours
[ours]
Groups = {group}
"""
REQUEST, ANSWER = b"request\n", b"answer\n"


def main() -> None:
    """Shake hands, ask or answer, and say on standard error what was agreed on."""
    role, chain, key, root, group = sys.argv[1:]
    configuration = Path(chain).with_suffix(f".{role}.cnf")
    configuration.write_text(CONFIGURATION.format(group=group), encoding="utf-8")
    os.environ["OPENSSL_CONF"] = str(configuration)
    from OpenSSL import SSL

    context = SSL.Context(SSL.TLS_METHOD)
    if role == "server":
        context.use_certificate_chain_file(chain)
        context.use_privatekey_file(key)
    else:
        context.load_verify_locations(root)
        context.set_verify(SSL.VERIFY_PEER)
    connection = SSL.Connection(context, None)
    if role == "server":
        connection.set_accept_state()
    else:
        connection.set_tlsext_host_name(b"www.contoso.com")
        connection.set_connect_state()

    def blocking(step):  # type: ignore[no-untyped-def]
        """Do a step, moving bytes while it wants some."""
        while True:
            try:
                return step()
            except SSL.WantReadError:
                flush()
                data = os.read(0, 65_536)
                if not data:
                    sys.exit("the other side is gone")
                connection.bio_write(data)

    def flush() -> None:
        try:
            while True:
                os.write(1, connection.bio_read(65_536))
        except SSL.WantReadError:
            pass

    blocking(connection.do_handshake)
    if role == "client":
        connection.send(REQUEST)
        assert blocking(lambda: connection.recv(100)) == ANSWER
    else:
        assert blocking(lambda: connection.recv(100)) == REQUEST
        connection.send(ANSWER)
    flush()
    print(connection.get_protocol_version_name(), file=sys.stderr)


if __name__ == "__main__":
    main()
