"""Whatever a caller makes up of the words of the Web Services, the answer is a result or a fault that names what is wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vim.conftest import STORAGES
from vim.soap import Heard, Soap, Target, envelope
from whole import HandClock, copied, whole

METHODS = ["CreateContainerView", "ContinueRetrievePropertiesEx", "DestroyView", "Fetch", "FindByInventoryPath", "CurrentTime"]
METHODS += [
    "RetrieveProperties",
    "RetrievePropertiesEx",
    "SessionIsActive",
    "RetrieveServiceContent",
    "PbmRetrieveServiceContent",
    "SearchDatastore_Task",
    "SearchDatastoreSubFolders_Task",
]
METHODS += ["CreateListView", "ModifyListView", "ResetListView", "CreateFilter", "CheckForUpdates", "DestroyPropertyFilter"]
METHODS += ["CreateCollectorForTasks", "ReadNextTasks", "ReadPreviousTasks", "ResetCollector", "SetCollectorPageSize"]
METHODS += ["CancelTask", "CancelWaitForUpdates", "DestroyPropertyCollector", "TerminateSession"]
NAMES = ["specSet", "propSet", "objectSet", "selectSet", "obj", "type", "pathSet", "all", "path", "name", "skip", "container"]
NAMES += ["options", "maxObjects", "token", "prop", "inventoryPath", "recursive", "sessionID", "userName"]
NAMES += ["spec", "filter", "entity", "recursion", "state", "time", "timeType", "beginTime", "maxCount", "add", "remove"]
NAMES += ["datastorePath", "searchSpec", "matchPattern", "query", "details", "fileSize"]
KINDS = [
    "Folder",
    "Datacenter",
    "Datastore",
    "ContainerView",
    "ManagedEntity",
    "SessionManager",
    "HostDatastoreBrowser",
    "Task",
    "TaskHistoryCollector",
    "ListView",
    "PropertyCollector",
    "",
    "X",
]
TEXTS = ["group-d1", "group-s1", "datacenter-1", "datastore-7", "browser-datastore-7", "SessionManager", "view-", "view-e30"]
TEXTS += ["childEntity", "parent", "name", "summary.name", "summary.", "view", "datastore", "true", "1", "-1", "", "ß", "0.0.x"]
TEXTS += ["propertyCollector", "propertyCollector/0", "all", "success", "queuedTime", "2023-11-14T22:13:20Z", "list-0.W10="]
TEXTS += ["[fast disks]", "[fast disks] contentlib-x/y", "*", "search-e30", "info.result"]
KNOWN = {
    "InvalidArgument",
    "InvalidDatastore",
    "InvalidProperty",
    "InvalidRequest",
    "ManagedObjectNotFound",
    "MethodNotFound",
    "InvalidState",
    "NotFound",
}

targets = st.tuples(st.sampled_from(KINDS), st.sampled_from(TEXTS))
leaves = st.builds(
    lambda name, kind, text: f"<{name} type={quoteattr(kind)}>{escape(text)}</{name}>",
    st.sampled_from(NAMES),
    st.sampled_from(KINDS),
    st.sampled_from(TEXTS) | st.sampled_from(KINDS),
)
elements = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", st.sampled_from(NAMES[:5]), st.lists(inner, max_size=5)
    ),
    max_leaves=12,
)


@settings(
    derandomize=True,
    max_examples=150,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=st.lists(st.tuples(st.sampled_from(METHODS), targets, st.lists(elements, max_size=4)), min_size=1, max_size=20))
def test_no_call_makes_the_server_fail(template: Path, tmp_path: Path, calls: list[tuple[str, Target, list[str]]]) -> None:
    for heard in asyncio.run(answers(template, tmp_path, calls)):
        assert heard.status == 200 or heard.fault[0] in KNOWN, heard.text


async def answers(template: Path, tmp_path: Path, calls: list[tuple[str, Target, list[str]]]) -> list[Heard]:
    data = tmp_path / "data"
    if not data.exists():
        copied(template, data)
    storage = [{"id": key, "name": name, "path": tmp_path / key} for key, name in STORAGES.items()]
    async with whole(data, HandClock(), storage=storage) as app:
        soap = Soap(app)
        return [await soap.post(envelope(method, target, "".join(parts))) for method, target, parts in calls]
