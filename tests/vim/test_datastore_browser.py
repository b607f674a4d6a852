"""Datastores are browsed, and files read by their paths on them."""

from __future__ import annotations

from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from contentlib.safe_xml import local
from contentlib.vim import datastore_browser
from contentlib.vim.searches import Search, kind_of
from contentlib.vim.values import Reference
from vim.soap import Heard, Soap, first, first_of, objects, properties
from whole import KNOWN_TOKEN, TOKEN

BROWSER = ("HostDatastoreBrowser", "browser-datastore-7")
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
ALL = "<details><fileType>true</fileType><fileSize>true</fileSize><modification>true</modification></details>"
STORAGE = [{"type": "DATASTORE", "datastore_id": "datastore-7"}]


def pattern(text: str) -> str:
    return f"<matchPattern>{escape(text)}</matchPattern>"


async def search(soap: Soap, path: str, spec: str = "", method: str = "SearchDatastore_Task") -> etree._Element:
    """The TaskInfo of a search."""
    arguments = f"<datastorePath>{escape(path)}</datastorePath><searchSpec>{spec}</searchSpec>"
    (task,) = (await soap.call(method, BROWSER, arguments)).all("returnval")
    assert task.get("type") == "Task"
    (info,) = (await soap.collect(properties("Task", "info") + objects(("Task", str(task.text))))).all("val")
    assert (info.get(XSI_TYPE), first(info, "key").text) == ("TaskInfo", task.text)
    return info


async def found(soap: Soap, path: str, spec: str = "") -> list[str]:
    """The names that a search has found."""
    info = await search(soap, path, spec)
    result = first_of(info, "result")
    assert result is not None, etree.tostring(info)
    assert result.get(XSI_TYPE) == "HostDatastoreBrowserSearchResults"
    return [str(first(each, "path").text) for each in result if local(each) == "file"]


async def failure(soap: Soap, path: str) -> tuple[str | None, str | None]:
    """The type and the message of a search that has failed."""
    info = await search(soap, path)
    assert first(info, "state").text == "error"
    error = first(info, "error")
    return first(error, "fault").get(XSI_TYPE), first(error, "localizedMessage").text


async def package(soap: Soap) -> tuple[str, str]:
    """A library on the first datastore and its item, with two files."""
    library = await soap.app.library(storage_backings=STORAGE)
    item = await soap.app.item(library=library)
    await soap.app.fill(item, boot_iso=b"0123456789", notes_txt=b"text")
    return library, item


# directories


async def test_libraries_items_and_files_are_directories_and_files_of_the_datastore(soap: Soap) -> None:
    library, item = await package(soap)
    top = f"contentlib-{library}"
    assert await found(soap, "[fast disks]") == [top]
    assert await found(soap, f"[fast disks] {top}") == [item]
    assert sorted(await found(soap, f"[fast disks] {top}/{item}")) == ["boot.iso", "notes.txt"]
    assert await found(soap, "[archive]") == []


@pytest.mark.parametrize("path", ["[fast disks] .", "[fast disks]/", "[fast disks] ./{0}/../", "[fast disks]  //{0}/./{1}/"])
async def test_a_path_is_read_in_any_usual_form(soap: Soap, path: str) -> None:
    library, item = await package(soap)
    asked = path.format(f"contentlib-{library}", item)
    if ".." in path:
        assert (await failure(soap, asked))[0] == "FileNotFound"
    else:
        assert await found(soap, asked)


async def test_the_details_are_those_that_are_asked_for(soap: Soap) -> None:
    library, item = await package(soap)
    result = first(await search(soap, f"[fast disks] contentlib-{library}/{item}", ALL + pattern("*.iso")), "result")
    assert first(result, "folderPath").text == f"[fast disks] contentlib-{library}/{item}/"
    assert first(result, "datastore").text == "datastore-7"
    file = first(result, "file")
    assert [(local(each), each.text) for each in file][:2] == [("path", "boot.iso"), ("fileSize", "10")]
    assert (file.get(XSI_TYPE), local(file[2])) == ("IsoImageFileInfo", "modification")
    plain = first(first(await search(soap, f"[fast disks] contentlib-{library}/{item}"), "result"), "file")
    assert (plain.get(XSI_TYPE), len(plain)) == ("FileInfo", 1)


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        (pattern("*.iso"), ["boot.iso"]),
        (pattern("BOOT*"), ["boot.iso"]),
        (pattern("BOOT*") + "<searchCaseInsensitive>false</searchCaseInsensitive>", []),
        (pattern("b??t.iso"), ["boot.iso"]),
        (pattern("[bn]*"), []),
        (pattern("no*") + pattern("bo*"), ["boot.iso", "notes.txt"]),
        (pattern("*"), ["boot.iso", "notes.txt"]),
        ('<query xsi:type="IsoImageFileQuery"/>', ["boot.iso"]),
        ('<query xsi:type="v:VmDiskFileQuery" xmlns:v="urn:vim25"/>', []),
        ('<query xsi:type="VmDiskFileQuery"/><query/>', ["boot.iso", "notes.txt"]),
        (pattern("*" * 200 + "z"), []),
        (pattern("*o" * 100 + "z"), []),
    ],
)
async def test_names_are_matched_by_patterns_and_types(soap: Soap, spec: str, names: list[str]) -> None:
    library, item = await package(soap)
    assert sorted(await found(soap, f"[fast disks] contentlib-{library}/{item}", spec)) == names


async def test_subfolders_are_searched_each_with_a_result(soap: Soap) -> None:
    library, item = await package(soap)
    info = await search(soap, "[fast disks]", pattern("*.iso"), "SearchDatastoreSubFolders_Task")
    result = first(info, "result")
    assert result.get(XSI_TYPE) == "ArrayOfHostDatastoreBrowserSearchResults"
    listed = {first(each, "folderPath").text: [one[0].text for one in each if local(one) == "file"] for each in result}
    top = f"[fast disks] contentlib-{library}/"
    assert listed == {"[fast disks] ": [], top: [], f"{top}{item}/": ["boot.iso"]}


@pytest.mark.parametrize(
    "path",
    [
        *("nowhere", "contentlib-", "contentlib-{0}/nowhere", "contentlib-{0}/{1}/boot.iso", "{1}", "contentlib-{1}"),
        *("../../etc", "contentlib-{0}/../../etc", "%2e%2e/etc", "contentlib-{0}/%2e", "contentlib-{0}/{1}%2F"),
        *("]", "[archive] contentlib-{0}", "contentlib-{0}]/{1}", "contentlib-{0}*"),
    ],
)
async def test_a_directory_that_is_not_there_is_not_found_by_the_task(soap: Soap, path: str) -> None:
    library, item = await package(soap)
    asked = path.format(library, item)
    assert await failure(soap, f"[fast disks] {asked}") == ("FileNotFound", f"no such directory: '[fast disks] {asked}/'")


@pytest.mark.parametrize("path", ["..\\\\..\\\\etc", "contentlib-x\ud7ff", "x" * 1000, "x/" * 400, "'\""])
async def test_a_directory_of_any_name_is_not_found(soap: Soap, path: str) -> None:
    assert (await failure(soap, f"[fast disks] {path}"))[0] == "FileNotFound"


async def test_files_are_not_found_below_the_directory_of_another_library(soap: Soap) -> None:
    _, item = await package(soap)
    other = await soap.app.library(storage_backings=STORAGE)
    assert (await failure(soap, f"[fast disks] contentlib-{other}/{item}"))[0] == "FileNotFound"


async def test_a_task_is_read_by_its_inner_properties(soap: Soap) -> None:
    library, item = await package(soap)
    path = f"<datastorePath>[fast disks] contentlib-{library}</datastorePath>"
    (task,) = (await soap.call("SearchDatastore_Task", BROWSER, path)).texts("returnval")
    heard = await soap.collect(properties("Task", "info.state", "info.result", "info.error") + objects(("Task", task)))
    assert heard.objects()[("Task", task)]["info.state"] == "success"
    assert item in heard.texts("path")


async def test_a_directory_with_too_many_entries_says_so(soap: Soap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datastore_browser, "_MOST_ENTRIES", 1)
    library, item = await package(soap)
    directory = f"[fast disks] contentlib-{library}/{item}"
    kind, message = await failure(soap, directory)
    assert (kind, message) == ("CannotAccessFile", f"directory '{directory}/' has more than 1 entries that match")
    assert await found(soap, directory, pattern("*.iso")) == ["boot.iso"]
    info = await search(soap, "[fast disks]", "", "SearchDatastoreSubFolders_Task")
    assert first(info, "state").text == "error"


# what is refused


async def refusal(soap: Soap, arguments: str) -> Heard:
    return await soap.call("SearchDatastore_Task", BROWSER, arguments)


@pytest.mark.parametrize("path", ["", "contentlib-x", "[nowhere] x", "[fast disks", "fast disks"])
async def test_a_datastore_that_is_not_there_is_invalid(soap: Soap, path: str) -> None:
    kind, message = (await refusal(soap, f"<datastorePath>{path}</datastorePath>")).fault
    assert kind == "InvalidDatastore"
    assert message.startswith("unknown datastore '")


@pytest.mark.parametrize(
    "spec", [pattern("x") * 17, pattern("x" * 256), "<query/>" * 17, '<query xsi:type="' + "x" * 300 + '"/>']
)
async def test_a_search_of_any_length_is_refused(soap: Soap, spec: str) -> None:
    spec = spec if "<query/>" not in spec else spec.replace("<query/>", '<query xsi:type="VmDiskFileQuery"/>')
    arguments = f"<datastorePath>[fast disks]</datastorePath><searchSpec>{spec}</searchSpec>"
    assert (await refusal(soap, arguments)).fault[0] == "InvalidArgument"
    assert (await refusal(soap, f"<datastorePath>[fast disks]{'x' * 1024}</datastorePath>")).fault[0] == "InvalidArgument"


async def test_a_browser_that_is_not_there_searches_nothing(soap: Soap) -> None:
    heard = await soap.call(
        "SearchDatastore_Task", ("HostDatastoreBrowser", "browser-x"), "<datastorePath>[archive]</datastorePath>"
    )
    assert heard.fault[0] == "ManagedObjectNotFound"


def task_of(**changed: object) -> Reference:
    """The task of a search that a client has made up."""
    parts = {"path": "[fast disks]", "patterns": (), "kinds": (), "details": (), "ignores_case": True, "started": 0}
    return Search(**{**parts, "folders_first": False, "recursive": False, **changed}).reference()  # type: ignore[arg-type] # all are tried


@pytest.mark.parametrize(
    "identifier",
    [
        "search-",
        "search-e30",
        "search-!",
        "task-1",
        task_of(path="x" * 1025).id,
        task_of(path="\0").id,
        task_of(patterns=("x",) * 17).id,
        task_of(started="x").id,
    ],
)
async def test_a_task_that_no_search_can_have_is_not_found(soap: Soap, identifier: str) -> None:
    heard = await soap.collect(properties("Task", "info") + objects(("Task", identifier)))
    assert heard.fault[0] == "ManagedObjectNotFound"


async def test_only_a_few_searches_are_run_by_one_call(soap: Soap) -> None:
    tasks = [objects(("Task", task_of(started=each).id)) for each in range(5)]
    assert len((await soap.collect(properties("Task", "info") + "".join(tasks[:4]))).all("val")) == 4
    assert (await soap.collect(properties("Task", "info") + "".join(tasks))).fault[0] == "InvalidArgument"


async def test_nothing_is_searched_without_a_login(soap: Soap) -> None:
    soap.token = None
    assert (await refusal(soap, "<datastorePath>[fast disks]</datastorePath>")).fault[0] == "NotAuthenticated"
    read = properties("Task", "info") + objects(("Task", task_of().id))
    assert (await soap.collect(read)).fault[0] == "NotAuthenticated"


def test_types_of_files_go_by_the_ends_of_their_names() -> None:
    assert [kind_of(each) for each in ("a.ISO", "iso", ".iso", "a.vmdk.gz", "", "a.b.vmdk")] == [
        *("IsoImageFileInfo", "FileInfo", "IsoImageFileInfo", "FileInfo", "FileInfo", "VmDiskFileInfo")
    ]


# /folder

FOLDER = "/folder/contentlib-{}/{}/{}?dcPath=%2FDatacenter&dsName=fast+disks"


async def test_a_file_is_read_by_its_path_with_the_cookie_of_the_web_services(soap: Soap) -> None:
    client, target = soap.app.client, FOLDER.format(*await package(soap), "boot.iso")
    cookie = {"cookie": f'vmware_soap_session="{KNOWN_TOKEN}"'}
    del client.headers[TOKEN]
    answer = await client.get(target, headers=cookie)
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    part = await client.get(target, headers={**cookie, "range": "bytes=3-"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"3456789", "bytes 3-9/10")
    head = await client.head(target, headers=cookie)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "10", b"")
    foreign = await client.get(target, headers={**cookie, "sec-fetch-site": "cross-site"})
    assert (foreign.status_code, (await client.get(target)).status_code) == (401, 401)


async def test_a_file_is_read_where_its_storage_uri_says(soap: Soap) -> None:
    library = await soap.app.library(storage_backings=STORAGE)
    item, name = await soap.app.item(library=library), "a b%2F;ü#?.iso"
    session = await soap.app.session(item)
    assert (await soap.app.push(session, name, b"bytes")).status_code == 200
    await soap.app.complete(session)
    (stored,) = await soap.app.rest("GET", f"/library/item/storage?library_item_id={item}")
    (uri,) = stored["storage_uris"]
    path = urlsplit(uri).path
    assert uri == f"ds:///vmfs/volumes/datastore-7/contentlib-{library}/{item}/{quote(name, safe='')}"
    answer = await soap.app.client.get(path.replace("/vmfs/volumes/datastore-7", "/folder") + "?dsName=fast%20disks")
    assert answer.content == b"bytes"
    assert await found(soap, f"[fast disks] contentlib-{library}/{item}") == [name]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/folder?dsName=archive", "no such file: '/folder'; files of datastores are contentlib-LIBRARY/ITEM/FILE"),
        ("/folder/{0}/{1}?dsName=archive", "no such file: "),
        ("/folder/{0}/{1}/a/b?dsName=archive", "no such file: "),
        ("/folder/{0}/{1}/boot.iso", "unknown datastore ''; the parameter dsName must name one"),
        ("/folder/{0}/{1}/boot.iso?dsName=nowhere", "unknown datastore 'nowhere'; "),
        ("/folder/{0}/{1}/boot.iso?dsName=archive", "file 'boot.iso' of item {1} is not on datastore datastore-8"),
        ("/folder/{0}/{1}/boot.iso?dsName=archive&dcPath=x", "unknown datacenter 'x'; the only one is 'Datacenter'"),
        ("/folder/{0}/{1}/other.iso?dsName=fast disks", "library item {1} has no file 'other.iso'"),
        ("/folder/{0}/{1}/..%2F{1}%2Fboot.iso?dsName=fast disks", "library item {1} has no file "),
        ("/folder/{0}/%2E%2E/{0}/{1}/boot.iso?dsName=fast disks", "no such file: "),
        ("/folder/{0}/x/boot.iso?dsName=fast disks", "library item 'x' does not exist"),
        ("/folder/contentlib-x/{1}/boot.iso?dsName=fast disks", "library 'x' has no item '{1}'"),
    ],
)
async def test_a_path_without_a_file_is_not_found(soap: Soap, target: str, said: str) -> None:
    library, item = await package(soap)
    answer = await soap.app.client.get(target.format(f"contentlib-{library}", item))
    assert answer.status_code == 404
    assert answer.text.startswith(said.format(f"contentlib-{library}", item)), answer.text


@pytest.mark.parametrize(
    "name",
    [
        *("boot.iso%00", "%00", "boot.iso/", "boot.iso%2F..", "%252e%252e", "%ff%fe", "%ED%A0%80", "boot.iso%0d%0aX-Y:%20z"),
        *("[fast disks] boot.iso", "..;/boot.iso", "..%5Cboot.iso", "x" * 4000, "%2F" * 1000),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_name_that_no_file_has_is_not_found(soap: Soap, method: str, name: str) -> None:
    answer = await soap.app.client.request(method, FOLDER.format(*await package(soap), name))
    assert answer.status_code in ((200, 404) if name == "boot.iso/" else (400, 404)), answer.text
    assert len(answer.text) < 1200  # names are cut
    assert "x-y" not in answer.headers


@pytest.mark.parametrize(
    "query", ["dsName=" + "x" * 4000, "dsName=%00", "dsName=%ff", "dsName=fast+disks&dcPath=%00", "&" * 4000]
)
async def test_a_datastore_that_no_server_has_is_unknown(soap: Soap, query: str) -> None:
    target = FOLDER.format(*await package(soap), "boot.iso").partition("?")[0]
    answer = await soap.app.client.get(f"{target}?{query}")
    assert answer.status_code in (400, 404)
    assert len(answer.text) < 500


@pytest.mark.parametrize(
    ("given", "status", "part"),
    [
        ("bytes=0-0", 206, b"0"),
        ("bytes=-3", 206, b"789"),
        ("bytes=9-99", 206, b"9"),
        ("bytes=10-", 416, None),
        ("bytes=5-3", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
        ("bytes=" + "0-0," * 500 + "1-1", None, None),
    ],
)
async def test_ranges_are_those_of_the_file(soap: Soap, given: str, status: int | None, part: bytes | None) -> None:
    answer = await soap.app.client.get(FOLDER.format(*await package(soap), "boot.iso"), headers={"range": given})
    assert answer.status_code == status or (status is None and answer.status_code in (200, 416))
    assert part is None or answer.content == part


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "MOVE"])
async def test_files_of_datastores_are_only_read(soap: Soap, method: str) -> None:
    answer = await soap.app.client.request(method, FOLDER.format(*await package(soap), "boot.iso"), content=b"other")
    sentence = f"method {method} not allowed: files of datastores can only be read (GET, HEAD)\n"
    assert (answer.status_code, answer.headers["allow"], answer.text) == (405, "GET, HEAD", sentence)
