"""Two clients call a server, one after the other and both at once; what they hear is what the model says."""

from __future__ import annotations

import asyncio
import copy
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from conformance.contract import OPERATIONS
from conformance.forms import Form, Heard
from conformance.servers import FORMS
from contentlib.jobs.collect import Collector, GracePeriods
from contentlib.library.bytes.storages import Storages
from contentlib.library.model import Retention
from contentlib.settings import Storage
from contentlib.stores import open_bytes, open_rows, own_storages
from models.calls import (
    AWAITED,
    FETCH,
    FILES,
    MAKE_CURRENT,
    PURGE,
    PUT,
    RESET_RULE,
    RESTORE,
    RULE,
    SET_RULE,
    TRASH,
    Call,
    Pick,
)
from models.journeys import next_copy, next_look, next_step
from models.looks import about, about_copies, everything
from models.picks import any_call, short_call
from models.sessions import Model
from models.state import ANYTHING, FIRST, LEASE, SECOND, Refused
from whole import TASKS, TOKEN, HandClock, Whole, whole

_FORMS = st.sampled_from(FORMS)
_SEEDS = st.integers(0, 2**32)  # choices that Hypothesis makes one by one are too much alike
_STEPS = (next_step, next_step, next_look, next_copy)
_PREFIX = "com.vmware.content."
PUBLISHED = {"published": True, "authentication_method": "NONE"}
_OWN = {
    MAKE_CURRENT: ("POST", "item/versions/id:{library_item_id}?~action=make-current"),
    RESTORE: ("POST", "trash/id:{deleted_id}?~action=restore"),
    PURGE: ("POST", "trash/id:{deleted_id}?~action=purge"),
    TRASH: ("GET", "trash"),
    RULE: ("GET", "retention/id:{library_id}"),
    SET_RULE: ("POST", "retention/id:{library_id}?~action=set"),
    RESET_RULE: ("POST", "retention/id:{library_id}?~action=reset"),
}


@dataclass(frozen=True)
class Answer(Heard):
    """What a client hears, and what the libraries that follow others hold then: their items, by those they are copies of."""

    copies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Machine(RuleBasedStateMachine):
    """A server of its own, and every model that explains what was heard so far: of two calls at once there may be two."""

    template: Path
    tokens: tuple[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.clock = HandClock()
        self.random = Random(0)
        self.models = [Model(self.clock.now())]
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.data = Path(shutil.copytree(self.template, self.directory / "data"))
        self.start()

    def teardown(self) -> None:
        try:
            self.look(everything(self.models[0]))
            self.runner.run(self._check_quotas())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.directory)

    def start(self) -> None:
        """Starts the server on what it left behind."""
        storages = [Storage(id=each, name=each, path=self.data / each) for each in (FIRST, SECOND)]
        server = whole(self.data, self.clock, lease_seconds=LEASE // 1000, storage=storages)
        self.app: Whole = self.runner.run(self.stack.enter_async_context(server))

    @initialize(versions=st.integers(0, 3))
    def there_is_an_item(self, versions: int) -> None:
        self.hear([Call("local_library.create", {"create_spec": {"name": "a", "publish_info": PUBLISHED}})])
        (library,) = self.models[0].libraries
        self.hear([Call("library.item.create", {"create_spec": {"library_id": library, "name": "a"}})])
        for _ in range(versions):
            self.a_journey_goes_on(next_step, FILES[0], steps=4)

    @rule(seed=_SEEDS, client=st.integers(0, 1), form=_FORMS, calls=st.integers(1, 6))
    def one_calls(self, seed: int, client: int, form: Form, calls: int) -> None:
        for _ in range(calls):
            call = any_call(self.models[0], self.pick(seed))
            self.hear([call], client, form)
            self.look(about(call))
            if call.operation in AWAITED:
                self.look(about_copies(self.models[0]))

    @rule(seed=_SEEDS, form=_FORMS)
    def both_call_at_once(self, seed: int, form: Form) -> None:
        pair = [short_call(self.models[0], self.pick(seed)) for _ in range(2)]
        self.hear(pair, 0, form)
        self.look([look for call in pair for look in about(call)])

    @rule(step=st.sampled_from(_STEPS), file=st.sampled_from(FILES), steps=st.integers(1, 4))
    def a_journey_goes_on(self, step: Callable[[Model, str], Call | None], file: str, steps: int) -> None:
        """Some steps of what calls at random seldom make: a file goes in, a file goes out."""
        for _ in range(steps):
            call = step(self.models[0], file)
            if call is not None:
                self.hear([call])

    @rule(seconds=st.sampled_from([1, 10, 200, LEASE // 1000 + 1]))
    def time_passes(self, seconds: int) -> None:
        """Both clients do something, so that no login ends, and look at the sessions whose lease is over."""
        self.clock.pass_seconds(seconds)
        for model in self.models:
            model.now = self.clock.now()
        for client in (0, 1):
            self.look([Call("library.list", {})], client)
        overdue = {each for model in self.models for each in model.overdue()}
        self.look([Call(f"library.item.{kind}_session.get", {f"{kind}_session_id": each}) for kind, each in sorted(overdue)])

    @rule()
    def the_server_is_started_again(self) -> None:
        """A start gives every active session a whole lease: what a server that was killed knew of their activity is lost."""
        self.runner.run(self.stack.aclose())
        self.start()
        for model in self.models:
            model.started()

    @rule()
    def what_nobody_needs_is_collected(self) -> None:
        """As another process of the server does it."""
        self.runner.run(self._collected())
        self.models = _unlike(model.swept() for model in self.models)

    async def _collected(self) -> None:
        storages = {each.id: each.path for each in self.app.settings.storage}
        metadata, store = open_rows(self.app.settings), open_bytes(self.app.settings)
        await own_storages(metadata, store)
        rule, grace = Retention(versions=self.app.settings.versions_kept), self.app.settings.collect_grace_seconds * 1000
        periods = GracePeriods(grace, grace)
        await Collector(metadata, Storages(store), self.clock, storages, rule, periods).run()
        await metadata.close()

    async def _check_quotas(self) -> None:
        """What libraries and users hold was kept exact, whatever was called."""
        metadata = open_rows(self.app.settings)
        async with metadata.reading() as rows:
            assert {each.owner: each.held for each in await rows.quotas.all()} == await rows.quotas.sums()
        await metadata.close()

    def pick(self, seed: int) -> Pick:
        """Chooses by a seed and all those before it: Hypothesis likes to make a sequence once more with little changed."""
        self.random.seed(f"{self.random.random()}/{seed}")
        return Pick(self.random)

    def look(self, looks: Sequence[Call], client: int = 0) -> None:
        """What is there to be seen is as the model says."""
        for each in looks:
            self.hear([each], client)

    def hear(self, sent: Sequence[Call], client: int = 0, form: Form = FORMS[0]) -> None:
        """Makes calls, all at once, each by another client, and keeps the models that explain their answers."""
        heard = self.runner.run(self._answers(sent, client, form))
        found: list[Model] = []
        whys: list[str] = []
        before = _unlike(each for model in self.models for each in model.perhaps_swept())
        for model, order in itertools.product(before, itertools.permutations(zip(sent, heard, strict=True))):
            after = copy.deepcopy(model)
            why = next((why for call, answer in order if (why := differs(after, call, answer))), None)
            if why:
                whys.append(why)
            else:
                found.append(after)
        assert found, "\n".join(whys)
        self.models = _unlike(found)

    async def _answers(self, sent: Sequence[Call], client: int, form: Form) -> list[Answer]:
        clients = itertools.cycle((client, 1 - client))
        return await asyncio.gather(*(self._answer(call, self.tokens[next(clients)], form) for call in sent))

    async def _answer(self, call: Call, token: str, form: Form) -> Answer:
        heard = await self._heard(call, token, form)
        copies = await self._copies() if call.operation in AWAITED else {}
        return Answer(heard.result, heard.error, heard.message, copies)

    async def _copies(self) -> dict[str, dict[str, str]]:
        """What there is of other libraries, when all tasks have ended."""
        while any(each["status"] in ("PENDING", "RUNNING", "BLOCKED") for each in await self._tasks()):  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.001)
        found: dict[str, dict[str, str]] = {}
        for library in await self.app.rest("GET", "/subscribed-library"):
            items = await self.app.rest("GET", f"/library/item?library_id={library}")
            told = [await self.app.rest("GET", f"/library/item/id:{each}") for each in items]
            found[library] = {each["source_id"]: each["id"] for each in told}
        return found

    async def _tasks(self) -> list[Any]:
        return list((await self.app.send("GET", TASKS)).json().values())

    async def _heard(self, call: Call, token: str, form: Form) -> Heard:
        given = call.arguments
        if call.operation == PUT:
            answer = await self.app.client.put(given["address"], content=given["data"], headers={TOKEN: ""})
            return Heard() if answer.status_code == 200 else Heard(error="refused")
        if call.operation == FETCH:
            answer = await self.app.client.get(given["address"], headers={TOKEN: ""})
            return Heard(answer.content) if answer.status_code == 200 else Heard(error="refused")
        if call.operation in _OWN:
            return await self._own(call, token)
        declared = OPERATIONS[f"{_PREFIX}{call.operation}"]
        request = form.signed(form.request(declared, given), token)
        answer = await self.app.client.request(
            request.method, request.target, content=request.content, headers={TOKEN: "", **request.headers}
        )
        return form.answer(declared, answer)

    async def _own(self, call: Call, token: str) -> Heard:
        method, path = _OWN[call.operation]
        body = {name: value for name, value in call.arguments.items() if f"{{{name}}}" not in path}
        target = f"/rest/contentlib/library/{path.format(**call.arguments)}"
        answer = await self.app.send(method, target, body or None, {TOKEN: token})
        if answer.status_code == 200:
            return Heard(answer.json()["value"] if answer.content else None)
        return Heard(error=answer.json()["type"].rpartition(".")[2])


def differs(model: Model, call: Call, heard: Answer) -> str | None:
    """Why the model does not agree with an answer; it is changed by the call."""
    model.made, model.copies = heard.result, heard.copies
    try:
        expected: Any = getattr(model, call.operation.replace(".", "_"))(**call.arguments)
    except Refused as refused:
        expected = _heard_as(refused.errors, call)
        agrees = heard.error in expected
    else:
        agrees = heard.error is None and _fits(expected, heard.result)
    model.made, model.copies = None, {}
    return None if agrees else f"{call}\nheard {heard}\nexpected {expected!r}"


_NAMING = ("local_library.create", "local_library.update", "library.update")
"""Operations that refuse the name of another library, which the contract does not list."""


def _heard_as(errors: tuple[str, ...], call: Call) -> tuple[str, ...]:
    """What is heard of errors: the first that the operation declares."""
    declared = OPERATIONS.get(f"{_PREFIX}{call.operation}")
    if declared is None:
        return errors
    heard = (*declared.errors, *(["already_exists"] if call.operation in _NAMING else []))
    return next(((each,) for each in errors if each in heard), ("invalid_argument",))


def _unlike(models: Iterable[Model]) -> list[Model]:
    """Each of them once."""
    found: list[Model] = []
    for model in models:
        if model not in found:
            found.append(model)
    return found


def _fits(expected: Any, heard: Any) -> bool:
    """Whether an answer holds what is expected: all fields that are named, things by their names, identifiers in any order."""
    if expected is ANYTHING:
        return True
    if isinstance(expected, dict):
        return isinstance(heard, dict) and all(name in heard and _fits(each, heard[name]) for name, each in expected.items())
    if isinstance(expected, set):
        return sorted(expected) == sorted(heard)
    if isinstance(expected, list):
        pairs = zip(_sorted(expected), _sorted(heard), strict=False)
        return len(expected) == len(heard) and all(_fits(*pair) for pair in pairs)
    return bool(expected == heard)


def _sorted(values: list[Any]) -> list[Any]:
    return sorted(values, key=lambda each: [str(each.get(name, "")) for name in ("name", "id", "usage", "subscription")])
