"""`make stack`: serve until Ctrl+C."""

from __future__ import annotations

import signal
import sys
from typing import Final

from deploy.stack.running import Stack

_GREETING: Final = """
  Quietline, the production stack (with keys for trying out)

  Report a concern:  {https}/
  Read and answer:   {https}/desk/
  User name:         {user}
  Password:          {passphrase}

  Without TLS:       {http}/
  Onion service:     curl -H 'Host: {onion}' http://127.0.0.1:{onion_port}/
  Certificate:       {certificate}  (the browser will ask about it)
  Logs, data:        {folder}

  Ctrl+C stops it and takes its folder away
"""


def main() -> int:
    """Until a signal."""
    try:
        stack = Stack()
    except RuntimeError as missing:
        print(missing, file=sys.stderr)
        return 1
    with stack:
        print(
            _GREETING.format(
                https=stack.https_url,
                http=stack.http_url,
                user=stack.user,
                passphrase=stack.passphrase,
                onion=stack.onion,
                onion_port=stack.onion_port,
                certificate=stack.certificate,
                folder=stack.folder,
            ),
            flush=True,
        )
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())
