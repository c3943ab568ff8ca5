"""nginx, the application, PostgreSQL and perhaps Redis as deploy/ describes them, on free loopback ports, as an ordinary user."""

from deploy.stack.running import ONION, Stack

__all__ = ["ONION", "Stack"]
