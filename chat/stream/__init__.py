"""The `stream` process: what changes for somebody, told the moment it does, as Server-Sent Events."""
