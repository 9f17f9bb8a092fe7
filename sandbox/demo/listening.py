"""Somebody who listens: the live stream of one account, read line by line as docs/live.md says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import requests

from sandbox.demo.client import PATIENCE, TIMEOUT, Api, Surprise

SILENCE = 30  # seconds: the server says something every 15


class Listener:
    """One account's stream; `last` is the id of the last change heard, `heard` the numbers of all of them."""

    def __init__(self, account: Api, path: str) -> None:
        self.account = account
        self.url = str(account.get(path, HTTPStatus.MISDIRECTED_REQUEST)["url"])  # where the streams are
        self.last = ""
        self.heard: list[int] = []
        self.open()

    def open(self) -> None:
        """Connect, where it was when it was cut. Raises: Surprise unless it is greeted."""
        headers = {"Authorization": f"Bearer {self.account.token}"}
        if self.last:
            headers["Last-Event-ID"] = self.last
        self._reply = requests.get(self.url, headers=headers, stream=True, timeout=(TIMEOUT, SILENCE))
        if self._reply.status_code != HTTPStatus.OK:
            raise Surprise(f"{self.url} answered {self._reply.status_code}: {self._reply.text[:600]}")
        self._changes = self._read()
        self.wait_for("ready", resumed=bool(self.last))

    def cut(self) -> None:
        """Lose the connection, as in a tunnel."""
        self._reply.close()

    def wait_for(self, name: str, **facts: Any) -> dict[str, Any]:
        """Return the data of the next change of this name with these facts, past all others. Raises: Surprise"""
        until = time.monotonic() + PATIENCE
        try:
            for heard, data in self._changes:
                if heard == name and facts.items() <= data.items():
                    return data
                if time.monotonic() > until:
                    break
        except requests.RequestException as exc:
            raise Surprise(f"The stream broke while it was asked for {name}: {exc}") from exc
        raise Surprise(f"Nothing on the stream said {name} with {facts}.")

    def _read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield name and data of every change, and nothing by name of nothing for a comment."""
        said: dict[str, str] = {}
        for line in self._reply.iter_lines(decode_unicode=True):
            if line:
                field, _, value = line.partition(": ")
                said[field] = value
                continue
            if "id" in said:
                self.last = said["id"]
                self.heard.append(int(self.last.partition("-")[0]))
            yield said.get("event", ""), json.loads(said.get("data", "{}"))
            said = {}
