"""Passwords that strangers guess: who waits, who is refused, and who is not touched by it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from contentlib.access import guessing
from contentlib.access.guessing import BY_ADDRESS, BY_NAME, Attempt, GuardedPasswords, Rate, network_key
from contentlib.access.passwords import Argon2Passwords
from contentlib.access.recent import Digests, Recent
from contentlib.http.message import Disconnected
from contentlib.vapi.errors import ServiceUnavailable
from processes import PATIENCE_SECONDS

RIGHT, WRONG = "right", "wrong"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class Time:
    """A time that passes when somebody waits, and what was waited."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.waited: list[float] = []

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


class PlainPasswords(Argon2Passwords):
    """Compares texts in place of hashes, when it is let."""

    def __init__(self, at_once: int = 2, most: int = 64) -> None:
        super().__init__(at_once, most)
        self.let = threading.Event()
        self.let.set()
        self.tried: list[str] = []

    def _verify(self, hashed: str, password: str) -> bool:
        self.tried.append(password)
        assert self.let.wait(PATIENCE_SECONDS)
        return hashed == password


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(guessing, "sleep", made.sleep)
    return made


@pytest.fixture
def passwords() -> Iterator[PlainPasswords]:
    made = PlainPasswords()
    yield made
    made.let.set()


@pytest.fixture
def guarded(passwords: PlainPasswords, time: Time) -> GuardedPasswords:
    return GuardedPasswords(passwords, time.now)


async def tries(guarded: GuardedPasswords, password: str, name: str = "robin", address: str = HERE) -> bool | str:
    """Whether a password is right; how long to wait where it is not looked at."""
    try:
        return await guarded.verify(Attempt(name, address), RIGHT, password)
    except ServiceUnavailable as error:
        assert error.retry_after is not None
        return f"later: {error}"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - a thread tells of it
            await asyncio.sleep(0.001)


def refused(answers: list[bool | str]) -> int:
    return sum(isinstance(each, str) for each in answers)


async def test_parallel_guesses_are_hashed_one_after_the_other(guarded: GuardedPasswords, passwords: PlainPasswords) -> None:
    passwords.let.clear()
    guesses = [asyncio.create_task(tries(guarded, WRONG)) for _ in range(20)]
    await until(lambda: len(passwords.tried) == 1)
    await asyncio.sleep(0.05)
    assert len(passwords.tried) == 1
    passwords.let.set()
    assert not any(each is True for each in await asyncio.gather(*guesses))


async def test_guesses_in_parallel_wait_as_guesses_in_turn(guarded: GuardedPasswords, time: Time) -> None:
    await asyncio.gather(*[tries(guarded, WRONG) for _ in range(6)])
    assert time.waited == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]


async def test_guesses_that_would_wait_for_long_are_refused_before_they_are_hashed(
    guarded: GuardedPasswords, passwords: PlainPasswords
) -> None:
    for _ in range(6):
        await tries(guarded, WRONG)
    answers = await asyncio.gather(*[tries(guarded, WRONG) for _ in range(20)])
    assert refused(answers) == 17
    assert len(passwords.tried) == 9


async def test_a_user_is_not_kept_waiting_by_guesses_from_elsewhere(
    guarded: GuardedPasswords, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = asyncio.Event()

    async def wait(_: float) -> None:
        await over.wait()

    monkeypatch.setattr(guessing, "sleep", wait)
    guesses = [asyncio.create_task(tries(guarded, WRONG, address=THERE)) for _ in range(20)]
    await asyncio.sleep(0.01)
    assert await tries(guarded, RIGHT) is True
    over.set()
    await asyncio.gather(*guesses)


async def test_a_name_that_is_guessed_from_everywhere_stays_open_to_its_user(guarded: GuardedPasswords) -> None:
    assert await tries(guarded, RIGHT) is True
    answers = [await tries(guarded, WRONG, address=f"198.51.100.{n % 30}") for n in range(120)]
    assert refused(answers) > 20
    assert await tries(guarded, WRONG) is False
    assert await tries(guarded, RIGHT) is True


async def test_a_first_try_from_elsewhere_is_let_in_while_a_name_is_guessed(guarded: GuardedPasswords) -> None:
    for n in range(60):
        await tries(guarded, WRONG, address=f"198.51.100.{n}")
    assert await tries(guarded, RIGHT) is True


async def test_an_address_that_tries_names_is_refused_and_those_who_have_logged_in_from_it_are_not(
    guarded: GuardedPasswords, passwords: PlainPasswords, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_time(_: float) -> None:
        """Names are tried at once, none waits for another."""

    monkeypatch.setattr(guessing, "sleep", no_time)
    assert await tries(guarded, RIGHT) is True
    answers = [await tries(guarded, WRONG, f"name {n}") for n in range(150)]
    assert refused(answers) == 50
    assert len(passwords.tried) == 101
    assert isinstance(await tries(guarded, RIGHT, "wren"), str)
    assert await tries(guarded, RIGHT) is True
    assert await tries(guarded, RIGHT, "wren", THERE) is True


async def test_right_passwords_use_nothing_up(guarded: GuardedPasswords, time: Time) -> None:
    answers = [await tries(guarded, RIGHT, f"name {n % 150}") for n in range(300)]
    assert answers == [True] * 300
    assert time.waited == []


async def test_many_right_passwords_at_once_are_all_let_in(guarded: GuardedPasswords) -> None:
    answers = await asyncio.gather(*[tries(guarded, RIGHT) for _ in range(50)])
    assert answers == [True] * 50


async def test_throw_away_names_do_not_reset_the_delay_of_another(
    passwords: PlainPasswords, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "_REMEMBERED", 50)
    guarded = GuardedPasswords(passwords, time.now)
    for _ in range(4):
        await tries(guarded, WRONG)
    for n in range(200):
        await tries(guarded, WRONG, f"name {n}", f"198.51.100.{n}")
    time.waited.clear()
    await tries(guarded, WRONG)
    assert time.waited == [4.0]


async def test_a_quiet_hour_ends_the_delay(guarded: GuardedPasswords, time: Time) -> None:
    for _ in range(4):
        await tries(guarded, WRONG)
    time.seconds += 3601
    time.waited.clear()
    await tries(guarded, WRONG)
    assert time.waited == [0.25]


# who hangs up


async def hanging_up(guarded: GuardedPasswords, gone: asyncio.Event, name: str = "robin") -> bool:
    async def leaves() -> None:
        await gone.wait()

    return await guarded.verify(Attempt(name, HERE, leaves), RIGHT, WRONG)


async def test_who_hangs_up_leaves_the_queue(guarded: GuardedPasswords, passwords: PlainPasswords) -> None:
    passwords.let.clear()
    busy = [asyncio.create_task(tries(guarded, WRONG, f"busy {n}")) for n in range(2)]
    await until(lambda: len(passwords.tried) == 2)
    gone = asyncio.Event()
    leaving = [asyncio.create_task(hanging_up(guarded, gone, f"name {n}")) for n in range(50)]
    await asyncio.sleep(0)
    gone.set()
    answers = await asyncio.gather(*leaving, return_exceptions=True)
    assert all(isinstance(each, Disconnected) for each in answers)
    passwords.let.set()
    await asyncio.gather(*busy)
    assert await tries(guarded, RIGHT) is True
    assert len(passwords.tried) == 3


async def test_who_hangs_up_while_the_password_is_hashed_has_guessed(
    guarded: GuardedPasswords, passwords: PlainPasswords, time: Time
) -> None:
    for _ in range(3):
        passwords.let.clear()
        passwords.tried.clear()
        gone = asyncio.Event()
        leaving = asyncio.create_task(hanging_up(guarded, gone))
        await until(lambda: len(passwords.tried) == 1)
        gone.set()
        with pytest.raises(Disconnected):
            await leaving
        passwords.let.set()
    time.waited.clear()
    await tries(guarded, WRONG)
    assert time.waited == [1.0, 2.0]


# the queue of those who are hashed


async def test_no_more_are_hashed_at_once_when_clients_hang_up(guarded: GuardedPasswords, passwords: PlainPasswords) -> None:
    passwords.let.clear()
    for n in range(10):
        gone = asyncio.Event()
        leaving = asyncio.create_task(hanging_up(guarded, gone, f"name {n}"))
        await asyncio.sleep(0.005)
        gone.set()
        with pytest.raises(Disconnected):
            await leaving
    assert len(passwords.tried) == 2
    passwords.let.set()
    assert await tries(guarded, RIGHT) is True


async def test_in_a_crowd_of_strangers_the_oldest_is_refused() -> None:
    passwords = PlainPasswords(at_once=1, most=3)
    passwords.let.clear()
    tasks = []
    for n in range(6):
        tasks.append(asyncio.create_task(passwords.verify(RIGHT, f"{n}", stranger=True)))
        await asyncio.sleep(0)
    known = asyncio.create_task(passwords.verify(RIGHT, RIGHT))
    await asyncio.sleep(0)
    passwords.let.set()
    answers = await asyncio.gather(*tasks, known, return_exceptions=True)
    assert [isinstance(each, ServiceUnavailable) for each in answers] == [False, True, True, False, False, False, False]
    assert passwords.tried == ["0", RIGHT, "5", "4", "3"]


# what is remembered


async def test_a_password_that_was_right_is_not_hashed_again(passwords: PlainPasswords, time: Time) -> None:
    guarded = GuardedPasswords(passwords, time.now, remember=10)
    assert [await tries(guarded, RIGHT) for _ in range(3)] == [True] * 3
    assert await tries(guarded, RIGHT, address=THERE) is True
    assert passwords.tried == [RIGHT]


async def test_what_is_remembered_does_not_answer_guesses_faster(passwords: PlainPasswords, time: Time) -> None:
    guarded = GuardedPasswords(passwords, time.now, remember=10)
    await tries(guarded, RIGHT)
    for _ in range(6):
        await tries(guarded, WRONG, address=THERE)
    answers = await asyncio.gather(*[tries(guarded, f"guess {n}", address=THERE) for n in range(20)], tries(guarded, RIGHT))
    assert refused(answers[:-1]) == 17
    assert answers[-1] is True


def test_keys_are_small_however_long_the_names_are() -> None:
    digests = Digests()
    assert len(digests.of("x" * 4_000_000, "\ud800")) == 16
    assert digests.of("ab", "c") != digests.of("a", "bc")


def test_a_memory_does_not_grow() -> None:
    recent: Recent[int] = Recent(100, 60)
    keys = [n.to_bytes(4) for n in range(1000)]
    for n, key in enumerate([*keys, *keys, *keys[:10], *keys[:10]]):
        recent.note(key, n, 0)
    assert len(recent) <= 100


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("x" * 1000, "x" * 64),
    ],
)
def test_an_address_is_counted_as_what_one_machine_has(address: str, network: str) -> None:
    assert network_key(address) == network


def test_a_rate_lets_its_burst_pass_and_then_one_at_a_time() -> None:
    rates = guessing._Rates(Rate(burst=3, seconds=10))
    for _ in range(3):
        assert rates.wait(b"k", 100) <= 0
        rates.charge(b"k", 100)
    assert rates.wait(b"k", 100) == 10
    assert rates.wait(b"k", 110) == 0
    rates.charge(b"k", 110)
    assert rates.wait(b"k", 110) == 10
    rates.refund(b"k", 110)
    assert rates.wait(b"k", 110) == 0


# several processes


@pytest.fixture
def others(passwords: PlainPasswords, time: Time) -> tuple[GuardedPasswords, GuardedPasswords]:
    """The guards of two processes that tell each other what they have judged."""
    pair = tuple(GuardedPasswords(passwords, time.now, secret=b"common to both") for _ in range(2))
    for one, other in (pair, pair[::-1]):
        one.judged.connect(other.hear)
    return pair[0], pair[1]


async def test_guesses_at_several_processes_wait_as_those_at_one(
    others: tuple[GuardedPasswords, GuardedPasswords], guarded: GuardedPasswords, time: Time
) -> None:
    began = time.now()
    for n in range(6):
        assert await tries(others[n % 2], f"wrong {n}") is False
    shared, began = time.now() - began, time.now()
    for n in range(6):
        assert await tries(guarded, f"wrong {n}") is False
    assert shared == pytest.approx(time.now() - began)


async def test_a_guess_at_another_process_counts_although_this_one_delays_an_answer(
    others: tuple[GuardedPasswords, GuardedPasswords], time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(seconds: float) -> None:
        if not time.waited:
            time.waited.append(0.0)
            assert await tries(others[1], "wrong there") is False
        await time.sleep(seconds)

    monkeypatch.setattr(guessing, "sleep", sleep)
    assert await tries(others[0], "wrong here") is False
    assert await tries(others[0], "wrong here again") is False
    assert time.waited[-1] == 1.0  # the third delay


async def test_a_user_who_has_logged_in_at_one_process_is_known_to_the_other(
    others: tuple[GuardedPasswords, GuardedPasswords],
) -> None:
    assert await tries(others[0], RIGHT) is True
    for n in range(BY_ADDRESS.burst + BY_NAME.burst):
        await tries(others[n % 2], WRONG, address=THERE)
    assert await tries(others[1], RIGHT) is True


async def test_an_address_is_refused_by_all_processes(
    others: tuple[GuardedPasswords, GuardedPasswords], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_time(_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(guessing, "sleep", no_time)
    for n in range(BY_ADDRESS.burst):
        assert await tries(others[0], WRONG, name=f"user {n}") is False
    assert refused([await tries(others[1], WRONG, name="another")]) == 1
