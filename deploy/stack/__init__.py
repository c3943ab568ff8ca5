"""nginx, the application and PostgreSQL as deploy/ describes them, on free loopback ports, as an ordinary user: `make stack`, and the tests."""

from deploy.stack.running import ONION, Stack

__all__ = ["ONION", "Stack"]
