"""Two clients call a server, one after the other and both at once; what they hear is what the model says."""

from __future__ import annotations

import asyncio
import copy
import itertools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from conformance.contract import OPERATIONS
from conformance.forms import Form, Heard
from conformance.servers import FORMS
from models.calls import (
    FETCH,
    FILES,
    MAKE_CURRENT,
    PURGE,
    PUT,
    RESTORE,
    TRASH,
    Call,
    Pick,
    about,
    everything,
    next_look,
    next_step,
)
from models.sessions import Model
from models.state import ANYTHING, LEASE, Refused
from whole import TOKEN, HandClock, Whole, whole

_FORMS = st.sampled_from(FORMS)
_RANDOM = st.randoms(use_true_random=True)  # choices that Hypothesis makes one by one are too much alike
_PREFIX = "com.vmware.content."
_OWN = {
    MAKE_CURRENT: ("POST", "item/versions/id:{library_item_id}?~action=make-current"),
    RESTORE: ("POST", "trash/id:{deleted_id}?~action=restore"),
    PURGE: ("POST", "trash/id:{deleted_id}?~action=purge"),
    TRASH: ("GET", "trash"),
}


class Machine(RuleBasedStateMachine):
    """A server of its own, and every model that explains what was heard so far: of two calls at once there may be two."""

    template: Path
    tokens: tuple[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.clock = HandClock()
        self.models = [Model(self.clock.now())]
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.data = Path(shutil.copytree(self.template, self.directory / "data"))
        self.start()

    def teardown(self) -> None:
        try:
            self.look(everything(self.models[0]))
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.directory)

    def start(self) -> None:
        """Starts the server on what it left behind."""
        server = whole(self.data, self.clock, lease_seconds=LEASE // 1000)
        self.app: Whole = self.runner.run(self.stack.enter_async_context(server))

    @initialize()
    def there_is_an_item(self) -> None:
        self.hear([Call("local_library.create", {"create_spec": {"name": "a"}})])
        (library,) = self.models[0].libraries
        self.hear([Call("library.item.create", {"create_spec": {"library_id": library, "name": "a"}})])

    @rule(random=_RANDOM, client=st.integers(0, 1), form=_FORMS)
    def one_calls(self, random: Random, client: int, form: Form) -> None:
        call = Pick(random).call(self.models[0])
        self.hear([call], client, form)
        self.look(about(call))

    @rule(random=_RANDOM, form=_FORMS)
    def both_call_at_once(self, random: Random, form: Form) -> None:
        pair = [Pick(random).call(self.models[0]) for _ in range(2)]
        self.hear(pair, 0, form)
        self.look([look for call in pair for look in about(call)])

    @rule(step=st.sampled_from([next_step, next_look]), file=st.sampled_from(FILES), steps=st.integers(1, 4))
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
            model.renew()

    def look(self, looks: Sequence[Call], client: int = 0) -> None:
        """What is there to be seen is as the model says."""
        for each in looks:
            self.hear([each], client)

    def hear(self, sent: Sequence[Call], client: int = 0, form: Form = FORMS[0]) -> None:
        """Makes calls, all at once, each by another client, and keeps the models that explain their answers."""
        heard = self.runner.run(self._answers(sent, client, form))
        found: list[Model] = []
        whys: list[str] = []
        for model, order in itertools.product(self.models, itertools.permutations(zip(sent, heard, strict=True))):
            after = copy.deepcopy(model)
            why = next((why for call, answer in order if (why := differs(after, call, answer))), None)
            if why:
                whys.append(why)
            elif after not in found:
                found.append(after)
        assert found, "\n".join(whys)
        self.models = found

    async def _answers(self, sent: Sequence[Call], client: int, form: Form) -> list[Heard]:
        clients = itertools.cycle((client, 1 - client))
        return await asyncio.gather(*(self._answer(call, self.tokens[next(clients)], form) for call in sent))

    async def _answer(self, call: Call, token: str, form: Form) -> Heard:
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


def differs(model: Model, call: Call, heard: Heard) -> str | None:
    """Why the model does not agree with an answer; it is changed by the call."""
    model.made = heard.result
    try:
        expected: Any = getattr(model, call.operation.replace(".", "_"))(**call.arguments)
    except Refused as refused:
        expected = _heard_as(refused.error, call)
        agrees = heard.error == expected
    else:
        agrees = heard.error is None and _fits(expected, heard.result)
    model.made = None
    return None if agrees else f"{call}\nheard {heard}\nexpected {expected!r}"


def _heard_as(error: str, call: Call) -> str:
    """What is heard of an error that the operation does not declare."""
    declared = OPERATIONS.get(f"{_PREFIX}{call.operation}")
    return error if declared is None or error in declared.errors else "invalid_argument"


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
    return sorted(values, key=lambda each: [str(each.get(name, "")) for name in ("name", "id", "usage")])
