"""pyVmomi, as scripts use it, against a running server with TLS."""

from __future__ import annotations

import gc
import ssl
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import processes
from clients import pyvmomi
from clients.coverage import Recorder
from clients.pyvmomi import SmartConnect, SoapAdapter, VmomiSupport, connect, connected, host_and_port, vim, vmodl
from clients.servers import NAME, PASSWORD, STORAGES, Address, serving
from docs.reading import DOCS, blocks

GUIDE = DOCS / "guide" / "clients" / "pyvmomi.md"
Collector = vmodl.query.PropertyCollector
NAMES = list(STORAGES.values())
_NO_FOLDERS = "method CreateFolder of Folder is not supported by this server; docs/conformance.md lists those that are"


@pytest.fixture(scope="module")
def instance(server: Address) -> Iterator[Any]:
    with connected(server) as made:
        yield made


@pytest.fixture(scope="module")
def root(instance: Any) -> Any:
    return instance.content.rootFolder


def token(instance: Any) -> str:
    """The secret of a session, which the cookie holds."""
    return str(instance._stub.cookie).partition('"')[2].partition('"')[0]


def refusal(kind: type[Exception], run: Callable[[], object]) -> str:
    """What a call is refused with; pyVmomi leaves the socket of a login that failed to the garbage collector, which warns."""
    told = ""
    try:
        run()
    except kind as error:
        told = str(getattr(error, "msg", error))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert told
    return told


def filter_of(kind: Any, paths: list[str], start: Any, *selections: Any, skip: bool = False) -> Any:
    """A filter of one type from one object on."""
    wanted = Collector.PropertySpec(type=kind, pathSet=paths)
    begin = Collector.ObjectSpec(obj=start, skip=skip, selectSet=list(selections))
    return Collector.FilterSpec(propSet=[wanted], objectSet=[begin])


def down() -> list[Any]:
    """From folders to what is in them, and from datacenters to their datastores."""
    again = [Collector.SelectionSpec(name="down"), Collector.SelectionSpec(name="stores")]
    return [
        Collector.TraversalSpec(name="down", type=vim.Folder, path="childEntity", skip=False, selectSet=again),
        Collector.TraversalSpec(name="stores", type=vim.Datacenter, path="datastore", skip=False),
    ]


def test_the_service_says_what_it_is(instance: Any) -> None:
    about = instance.content.about
    assert (about.name, about.apiType, about.vendor) == ("VMware vCenter Server", "VirtualCenter", "contentlib")
    assert about.fullName.startswith("contentlib ")


def test_the_time_is_told(instance: Any) -> None:
    assert instance.CurrentTime().tzinfo is not None
    assert instance.serverClock.tzinfo is not None


def test_the_inventory_is_walked_by_properties(root: Any) -> None:
    (center,) = root.childEntity
    assert (center.name, center.parent) == ("Datacenter", root)
    assert [each.name for each in center.datastoreFolder.childEntity] == NAMES
    assert [each.name for each in center.datastore] == NAMES
    assert {center.vmFolder.name, center.hostFolder.name, center.networkFolder.name} == {"vm", "host", "network"}


def test_a_container_view_lists_the_datastores(instance: Any, root: Any) -> None:
    view = instance.content.viewManager.CreateContainerView(root, [vim.Datastore], True)
    assert [each.summary.name for each in view.view] == NAMES
    assert all(each.summary.accessible and each.summary.capacity > 0 for each in view.view)
    view.Destroy()


def test_the_property_collector_follows_a_view(instance: Any, root: Any) -> None:
    view = instance.content.viewManager.CreateContainerView(root, [vim.Datastore], True)
    seen = Collector.TraversalSpec(name="seen", type=vim.view.ContainerView, path="view", skip=False)
    wanted = filter_of(vim.Datastore, ["name", "summary"], view, seen, skip=True)
    found = instance.content.propertyCollector.RetrieveContents([wanted])
    assert [{each.name: each.val for each in one.propSet}["name"] for one in found] == NAMES
    assert all(isinstance(one.propSet[1].val, vim.Datastore.Summary) for one in found)


def test_pages_are_read_to_the_last(instance: Any, root: Any) -> None:
    collector = instance.content.propertyCollector
    options = Collector.RetrieveOptions(maxObjects=2)
    wanted = [filter_of(vim.ManagedEntity, ["name"], root, *down())]
    page = collector.RetrievePropertiesEx(wanted, options)
    sizes, names = [], []
    while page:
        sizes.append(len(page.objects))
        names += [one.propSet[0].val for one in page.objects]
        page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
    assert (sizes, names) == ([2, 2, 1], ["Datacenters", "Datacenter", *NAMES])


def test_nothing_found_is_none(instance: Any, root: Any) -> None:
    wanted = filter_of(vim.VirtualMachine, ["name"], root, *down())
    assert instance.content.propertyCollector.RetrievePropertiesEx([wanted], Collector.RetrieveOptions()) is None


@pytest.mark.parametrize(("path", "name"), [("Datacenter/datastore/archive", "archive"), ("Datacenter/vm", "vm")])
def test_a_path_leads_to_an_object(instance: Any, path: str, name: str) -> None:
    assert instance.content.searchIndex.FindByInventoryPath(path).name == name


def test_a_path_to_nothing_leads_to_none(instance: Any) -> None:
    assert instance.content.searchIndex.FindByInventoryPath("Datacenter/vm/none") is None


def test_the_session_is_active_until_it_ends(server: Address, instance: Any) -> None:
    with connected(server) as other:
        session = other.content.sessionManager.currentSession
        assert (session.userName, session.ipAddress) == (NAME, "127.0.0.1")
        assert "pyvmomi" in session.userAgent.lower()
        assert other.content.sessionManager.SessionIsActive(session.key, NAME) is True
    assert instance.content.sessionManager.SessionIsActive(session.key, NAME) is False


# faults by their types


def test_a_wrong_password_is_an_invalid_login(server: Address) -> None:
    told = refusal(vim.fault.InvalidLogin, lambda: connect(server, password="wrong"))
    assert told == "Cannot complete login due to an incorrect user name or password."


def test_after_a_logout_nothing_is_read_and_a_new_login_serves(server: Address) -> None:
    instance = connect(server)
    manager, root = instance.content.sessionManager, instance.content.rootFolder
    assert root.name == "Datacenters"
    manager.Logout()
    assert manager.currentSession is None
    with pytest.raises(vim.fault.NotAuthenticated) as raised:
        root.childEntity  # noqa: B018 - reading it is the call
    assert raised.value.msg == "The session is not authenticated."
    manager.Login(NAME, PASSWORD)
    assert root.name == "Datacenters"
    manager.Logout()
    instance._stub.DropConnections()


def test_an_object_that_is_not_there_is_not_found(instance: Any) -> None:
    missing = vim.Datastore("datastore-99", instance._stub)
    with pytest.raises(vmodl.fault.ManagedObjectNotFound) as raised:
        missing.name  # noqa: B018 - reading it is the call
    assert raised.value.obj == missing
    assert "'Datastore:datastore-99'" in raised.value.msg


def test_a_method_that_is_not_there_is_not_supported(root: Any) -> None:
    with pytest.raises(vmodl.fault.NotSupported) as raised:
        root.CreateFolder("other")
    assert raised.value.msg == _NO_FOLDERS


def test_a_property_that_is_none_is_invalid(instance: Any, root: Any) -> None:
    with pytest.raises(vmodl.query.InvalidProperty) as raised:
        instance.content.propertyCollector.RetrieveContents([filter_of(vim.Folder, ["nope"], root)])
    assert raised.value.name == "nope"


def test_a_selection_that_leads_nowhere_is_an_invalid_argument(instance: Any, root: Any) -> None:
    wanted = filter_of(vim.Folder, ["name"], root, Collector.SelectionSpec(name="up"))
    with pytest.raises(vmodl.fault.InvalidArgument) as raised:
        instance.content.propertyCollector.RetrieveContents([wanted])
    assert raised.value.invalidProperty == "selectSet.name"


# one login, and the end of it


def test_the_session_of_soap_is_one_of_rest(server: Address, instance: Any) -> None:
    header = {"vmware-api-session-id": token(instance)}
    answer = httpx.post(f"{server.url}/rest/com/vmware/cis/session?~action=get", headers=header, verify=False, timeout=60)
    assert answer.json()["value"]["user"] == NAME


def test_a_session_of_rest_is_one_of_soap(server: Address) -> None:
    login = httpx.post(f"{server.url}/api/session", auth=(NAME, PASSWORD), verify=False, timeout=60)
    stub = SoapAdapter.SoapStubAdapter(**host_and_port(server), sslContext=pyvmomi.unverified(), version="vim.version.version9")
    stub.cookie = f'vmware_soap_session="{login.json()}"; Path=/'
    instance = vim.ServiceInstance("ServiceInstance", stub)
    assert instance.content.sessionManager.currentSession.userName == NAME
    assert instance.content.rootFolder.name == "Datacenters"
    instance.content.sessionManager.Logout()
    gone = httpx.get(f"{server.url}/api/session", headers={"vmware-api-session-id": login.json()}, verify=False, timeout=60)
    assert gone.status_code == 401
    stub.DropConnections()


def test_an_idle_session_ends(tmp_path: Path) -> None:
    with serving(tmp_path, session_idle_seconds="3") as address:
        instance = connect(address)
        root = instance.content.rootFolder
        with pytest.raises(vim.fault.NotAuthenticated):
            for _ in range(20):
                time.sleep(3.2)
                root.name  # noqa: B018 - reading it is the call
        instance._stub.DropConnections()


def test_the_certificate_can_be_trusted(server: Address) -> None:
    assert server.certificate is not None
    trusting = ssl.create_default_context(cafile=str(server.certificate))
    instance = SmartConnect(**host_and_port(server), user=NAME, pwd=PASSWORD, sslContext=trusting)
    assert instance.content.rootFolder.name == "Datacenters"
    instance.content.sessionManager.Logout()
    instance._stub.DropConnections()


def test_a_certificate_that_is_not_trusted_ends_the_connection(server: Address) -> None:
    strict = ssl.create_default_context()
    told = refusal(
        ssl.SSLCertVerificationError,
        lambda: SmartConnect(**host_and_port(server), user=NAME, pwd=PASSWORD, sslContext=strict),
    )
    assert "self-signed certificate" in told


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a type; lists are sent as lists of what their types inherit from, types by their names."""
    if isinstance(value, list):
        return kind.__name__ == "type[]" or all(isinstance(each, kind.Item) for each in value)
    return isinstance(value, kind)


def test_the_program_of_the_guide_runs(server: Address, tmp_path: Path) -> None:
    text = "\n".join(text for language, text in blocks(GUIDE) if language == "python")
    environment = {"SERVER": server.url, "CA": str(server.certificate), "PASSWORD": PASSWORD}
    ended = processes.run([sys.executable, "-c", text], tmp_path, **environment)
    assert ended.stdout.splitlines() == [*(f"{key} {name} True" for key, name in STORAGES.items()), NAME], ended.stderr


def test_the_guide_quotes_what_is_raised() -> None:
    """The sentences are those of the tests above."""
    for sentence in (
        "Cannot complete login due to an incorrect user name or password.",
        "The session is not authenticated.",
        _NO_FOLDERS,
    ):
        assert f"`{sentence}`" in GUIDE.read_text()


def test_every_property_of_every_object_is_read_and_decoded(instance: Any, root: Any) -> None:
    """Each value is of the type that pyVmomi knows the property by."""
    content = instance.content
    view = content.viewManager.CreateContainerView(root, [], True)
    entities = [root, *root.childEntity, *view.view]
    singletons = [instance, content.propertyCollector, content.viewManager, content.sessionManager, view]
    browsers = [each.browser for each in root.childEntity[0].datastore]
    for target in [*entities, *singletons, *browsers]:
        wanted = Collector.PropertySpec(type=type(target), all=True)
        spec = Collector.FilterSpec(propSet=[wanted], objectSet=[Collector.ObjectSpec(obj=target)])
        (found,) = content.propertyCollector.RetrieveContents([spec])
        values = {each.name: each.val for each in found.propSet}
        declared = {each.name: each for each in type(target)._GetPropertyList()}
        assert set(values) <= set(declared)
        for name, each in declared.items():
            value = values.get(name)
            assert value is None or fits(value, each.type), (target, name, value)
            assert value is not None or each.flags & VmomiSupport.F_OPTIONAL, (target, name)


def test_the_tasks_are_read_by_a_collector(instance: Any, root: Any) -> None:
    """As scripts for a history of tasks do it; the filter of the whole inventory has tasks of libraries too."""
    everything = vim.TaskFilterSpec.ByEntity(entity=root, recursion=vim.TaskFilterSpec.RecursionOption.all)
    state = [vim.TaskInfo.State.queued, vim.TaskInfo.State.success]
    collector = instance.content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec(entity=everything, state=state))
    collector.SetCollectorPageSize(maxCount=20)
    collector.ResetCollector()
    before = collector.ReadPreviousTasks(100)
    collector.RewindCollector()
    assert collector.ReadNextTasks(100) == before[::-1]
    assert list(collector.latestPage) == before[::-1][-20:]
    collector.DestroyCollector()
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        collector.latestPage  # noqa: B018 - reading it is the call


def test_the_record_is_what_was_called(instance: Any, root: Any, request: pytest.FixtureRequest) -> None:
    """The methods that the record says are those that the tests above call; a worker may have run only some of them."""
    recorder = Recorder.of(request.config)
    for each in (test_pages_are_read_to_the_last, test_a_container_view_lists_the_datastores):
        each(instance, root)
    test_a_path_leads_to_an_object(instance, "Datacenter/vm", "vm")
    instance.CurrentTime()
    test_the_property_collector_follows_a_view(instance, root)
    test_the_tasks_are_read_by_a_collector(instance, root)
    session = instance.content.sessionManager.currentSession
    assert instance.content.sessionManager.SessionIsActive(session.key, NAME)
    recorder.agree("pyVmomi", sorted(pyvmomi.CALLED - {"Logout"}))


def test_the_files_of_a_datastore_are_searched_by_a_task(instance: Any, root: Any) -> None:
    """As scripts do it: they wait for the task, and read its result."""
    found = instance.content.viewManager.CreateContainerView(root, [vim.Datastore], recursive=True).view
    datastore = next(each for each in found if each.name == NAMES[0])
    spec = vim.host.DatastoreBrowser.SearchSpec(matchPattern=["*"])
    spec.details = vim.host.DatastoreBrowser.FileInfo.Details(fileType=True, fileSize=True, modification=True, fileOwner=True)
    task = datastore.browser.SearchDatastoreSubFolders_Task(f"[{datastore.name}]", spec)
    assert task.info.state == vim.TaskInfo.State.success
    assert task.info.result[0].folderPath == f"[{datastore.name}] "
    assert task.info.entity == datastore
    missing = datastore.browser.SearchDatastore_Task(f"[{datastore.name}] nowhere", spec)
    assert missing.info.state == vim.TaskInfo.State.error
    assert isinstance(missing.info.error, vim.fault.FileNotFound)
    assert missing.info.error.msg == f"no such directory: '[{datastore.name}] nowhere/'"
