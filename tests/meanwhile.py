"""Something that happens on another connection while a query runs: for tests of locks, with no luck in them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

PATIENCE = 0.3
"""Seconds that the other connection gets. What waits for a lock of ours ends after we have let go of it."""


@contextmanager
def after_each(fragment: str, act: Callable[[], object]) -> Iterator[list[threading.Thread]]:
    """After each query of ours that contains `fragment`, another connection runs `act`.

    Yields the threads. At the end all have ended; what `act` raised there is lost, so look for what it did.
    """
    threads: list[threading.Thread] = []

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if fragment in sql:
            threads.append(threading.Thread(target=run))
            threads[-1].start()
            threads[-1].join(PATIENCE)
        return result

    try:
        with connection.execute_wrapper(wrapper):
            yield threads
    finally:
        for thread in threads:
            thread.join(30)
