from __future__ import annotations

import signal
import sys
import threading

import pytest

from gliaboost.interrupts import Seen, watched

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@posix
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_each_has_its_exit_code(name: str, code: int) -> None:
    before = signal.getsignal(getattr(signal, name))
    with watched() as seen:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(getattr(signal, name))
        assert seen.exit_code == code
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert seen.exit_code == code, "the first one counts"
    assert signal.getsignal(getattr(signal, name)) is before


def test_without_a_signal_it_is_that_of_an_interrupt() -> None:
    assert Seen().number is None and Seen().exit_code == 130


@posix
def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with watched() as seen:
            signal.raise_signal(signal.SIGHUP)
        assert seen.number is None
    finally:
        signal.signal(signal.SIGHUP, before)


@posix
def test_one_within_another_sees_the_same() -> None:
    with watched() as outer:
        with watched() as inner, pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert inner is outer and outer.number == signal.SIGTERM
    with watched() as later:
        assert later is not outer and later.number is None


def test_another_thread_watches_nothing() -> None:
    said: list[bool] = []

    def run() -> None:
        with watched():
            said.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert said
