"""Each operation of the API is reached by a screen of the console, or a person does not want it there."""

from __future__ import annotations

from console.calls import SOURCE, reached
from generator.declared import operations, services

QUERIED = "the console finds libraries and items by contentlib.library.query and contentlib.library.item.query"
LISTED = "the list has all that it answers"
BY_PROGRAMS = "a call of the program that downloads"
MARKS = "programs mark what they use"
SEVERAL = "attaches or detaches several, one after the other"
UNPERMITTED = "permissions of this server are not given to tags"
SEARCHED = "the search for the name of a tag shows them"
BY_TYPE = "the console deletes by the type of the library"
CANCELED = "a person cancels; a program reports its failure"
ONE_CENTER = "an inventory of one data center, for programs that expect one"
SHOWN = "contentlib.server.certificates lists them with all that they say"
NO_MACHINES = "this server has no virtual machines, and deploys none"
MERGED = "a person changes labels, and keeps what others have changed"
COMPLETED = "to complete checks the same, and says what is wrong"

DECISIONS: dict[str, dict[str, str]] = {
    "com.vmware.cis.session": {
        "create": "screens/login",
        "delete": "app",
        "get": "contentlib.access.self tells who is logged in",
    },
    "com.vmware.cis.tagging.category": {
        "add_to_used_by": MARKS,
        "create": "screens/tagging-forms",
        "delete": "screens/tagging-forms",
        "get": "screens/tags",
        "list": "screens/tagging",
        "list_used_categories": MARKS,
        "remove_from_used_by": MARKS,
        "revoke_propagating_permissions": UNPERMITTED,
        "update": "screens/tagging-forms",
    },
    "com.vmware.cis.tagging.tag": {
        "add_to_used_by": MARKS,
        "create": "screens/tagging-forms",
        "delete": "screens/tagging-forms",
        "get": "screens/tags",
        "list": "screens/tags",
        "list_tags_for_category": "each tag names its category",
        "list_used_tags": MARKS,
        "remove_from_used_by": MARKS,
        "revoke_propagating_permissions": UNPERMITTED,
        "update": "screens/tagging-forms",
    },
    "com.vmware.cis.tagging.tag_association": {
        "attach": "screens/tags",
        "attach_multiple_tags_to_object": SEVERAL,
        "attach_tag_to_multiple_objects": SEVERAL,
        "detach": "screens/tags",
        "detach_multiple_tags_from_object": SEVERAL,
        "detach_tag_from_multiple_objects": SEVERAL,
        "list_attachable_tags": "the list of tags has the types of each category",
        "list_attached_objects": "the search for a tag's name shows them",
        "list_attached_objects_on_tags": "screens/tagging",
        "list_attached_tags": "screens/tags",
        "list_attached_tags_on_objects": "list_attached_tags, several at a time",
    },
    "com.vmware.cis.tasks": {
        "cancel": "screens/tasks",
        "get": LISTED,
        "list": "screens/library",
    },
    "com.vmware.content.configuration": {
        "get": "screens/configuration",
        "update": "screens/configuration",
    },
    "com.vmware.content.library": {
        "convert": "screens/library-upkeep",
        "delete": BY_TYPE,
        "enter_maintenance": "screens/library-upkeep",
        "exit_maintenance": "screens/library-upkeep",
        "find": QUERIED,
        "force_delete": BY_TYPE,
        "get": "screens/item",
        "list": QUERIED,
        "migrate": "screens/library-upkeep",
        "update": "screens/library-forms",
    },
    "com.vmware.content.library.item": {
        "copy": "screens/library",
        "create": "uploads/upload",
        "delete": "screens/item-forms",
        "find": "uploads/upload",
        "get": "screens/item",
        "list": QUERIED,
        "publish": "screens/item",
        "update": "screens/item-forms",
    },
    "com.vmware.content.library.item.changes": {
        "get": LISTED,
        "list": "the list of versions has them, with their differences",
    },
    "com.vmware.content.library.item.download_session": {
        "cancel": "screens/transfers",
        "create": "a browser downloads by the address of the file",
        "delete": "screens/transfers",
        "fail": CANCELED,
        "get": "screens/transfers",
        "keep_alive": BY_PROGRAMS,
        "list": "screens/transfers",
    },
    "com.vmware.content.library.item.downloadsession.file": {
        "get": BY_PROGRAMS,
        "list": BY_PROGRAMS,
        "prepare": BY_PROGRAMS,
    },
    "com.vmware.content.library.item.file": {
        "get": LISTED,
        "list": "screens/item",
    },
    "com.vmware.content.library.item.storage": {
        "get": LISTED,
        "list": "screens/item-forms",
    },
    "com.vmware.content.library.item.update_session": {
        "cancel": "screens/transfers",
        "complete": "uploads/upload",
        "create": "uploads/upload",
        "delete": "screens/transfers",
        "fail": CANCELED,
        "get": "uploads/upload",
        "keep_alive": "uploads/upload",
        "list": "screens/transfers",
        "update": "uploads/upload",
    },
    "com.vmware.content.library.item.updatesession.file": {
        "add": "uploads/upload",
        "get": LISTED,
        "list": "uploads/upload",
        "probe": "screens/fetch-forms",
        "remove": "screens/item-forms",
        "validate": COMPLETED,
    },
    "com.vmware.content.library.subscribed_item": {
        "evict": "screens/item-forms",
        "sync": "screens/item",
    },
    "com.vmware.content.library.subscriptions": {
        "create": "screens/registration-forms",
        "delete": "screens/registration-forms",
        "get": "screens/registration-forms",
        "list": "screens/registrations",
        "update": "screens/registration-forms",
    },
    "com.vmware.content.library.usages": {
        "add": "screens/usages",
        "get": "screens/library",
        "list": "screens/library",
        "remove": "screens/usages",
    },
    "com.vmware.content.local_library": {
        "create": "screens/library-forms",
        "delete": "screens/library-forms",
        "force_delete": "screens/library-forms",
        "get": "content.library.get answers the same",
        "list": QUERIED,
        "publish": "screens/library",
        "update": "screens/publish-forms",
    },
    "com.vmware.content.security_policies": {
        "list": "screens/library-forms",
    },
    "com.vmware.content.subscribed_library": {
        "create": "screens/subscription-forms",
        "delete": "screens/library-forms",
        "evict": "screens/library-upkeep",
        "force_delete": "screens/library-forms",
        "get": "content.library.get answers the same",
        "list": QUERIED,
        "probe": "screens/subscription-forms",
        "sync": "screens/library",
        "update": "screens/subscription-forms",
    },
    "com.vmware.content.trusted_certificates": {
        "create": "screens/server-forms",
        "delete": "screens/server",
        "get": SHOWN,
        "list": SHOWN,
    },
    "com.vmware.content.type": {
        "list": "screens/item-forms",
    },
    "com.vmware.vapi.std.introspection.service": {
        "list": "screens/library",
    },
    "com.vmware.vcenter.datacenter": {
        "get": ONE_CENTER,
        "list": ONE_CENTER,
    },
    "com.vmware.vcenter.datastore": {
        "get": LISTED,
        "list": "screens/library-forms",
    },
    "com.vmware.vcenter.folder": {
        "list": ONE_CENTER,
    },
    "com.vmware.vcenter.ovf.export_flag": {
        "list": NO_MACHINES,
    },
    "com.vmware.vcenter.ovf.import_flag": {
        "list": NO_MACHINES,
    },
    "com.vmware.vcenter.ovf.library_item": {
        "create": NO_MACHINES,
        "deploy": NO_MACHINES,
        "filter": NO_MACHINES,
    },
    "contentlib.access.audit": {
        "head": "screens/audit-forms",
        "verify": "screens/audit-forms",
        "list": "screens/audit",
    },
    "contentlib.access.groups": {
        "add_member": "screens/access-forms",
        "create": "screens/access-forms",
        "delete": "screens/access",
        "get": "screens/access",
        "list": "screens/access",
        "map": "screens/access-forms",
        "remove_member": "screens/access-forms",
        "update": "screens/access-forms",
    },
    "contentlib.access.login_links": {
        "redeem": "screens/login",
    },
    "contentlib.access.permissions": {
        "delete": "screens/access",
        "get": LISTED,
        "list": "screens/access",
        "set": "screens/access-forms",
    },
    "contentlib.access.quotas": {
        "get": LISTED,
        "list": "screens/server",
        "set": "screens/server",
    },
    "contentlib.access.roles": {
        "create": "screens/access-forms",
        "delete": "screens/access",
        "get": "screens/access",
        "list": "screens/access",
        "update": "screens/access-forms",
    },
    "contentlib.access.self": {
        "change_password": "screens/account",
        "get": "app",
        "privileges": "screens/item",
    },
    "contentlib.access.sessions": {
        "delete": "screens/sessions",
        "list": "screens/sessions",
    },
    "contentlib.access.tokens": {
        "create": "screens/tokens",
        "delete": "screens/tokens",
        "get": "screens/tokens",
        "list": "screens/tokens",
    },
    "contentlib.access.users": {
        "create": "screens/access-forms",
        "delete": "screens/access",
        "get": "screens/access",
        "list": "screens/access",
        "set_password": "screens/access-forms",
        "update": "screens/access-forms",
    },
    "contentlib.events": {
        "list": "each screen reads again what it shows",
    },
    "contentlib.labels": {
        "list": "screens/search",
    },
    "contentlib.library": {
        "query": "screens/access",
    },
    "contentlib.library.item": {
        "query": "screens/library",
    },
    "contentlib.library.item.labels": {
        "get": "screens/item",
        "set": MERGED,
        "update": "screens/item",
    },
    "contentlib.library.item.versions": {
        "get": LISTED,
        "list": "screens/item",
        "make_current": "screens/item-forms",
    },
    "contentlib.library.labels": {
        "get": "screens/library",
        "set": MERGED,
        "update": "screens/library",
    },
    "contentlib.library.quotas": {
        "get": LISTED,
        "list": "screens/server",
        "set": "screens/server",
    },
    "contentlib.library.retention": {
        "get": "screens/library",
        "reset": "screens/server-forms",
        "set": "screens/server-forms",
    },
    "contentlib.library.subscribers": {
        "create": "screens/subscriber-forms",
        "delete": "screens/subscriber-forms",
        "get": LISTED,
        "list": "screens/subscribers",
        "list_items": "screens/subscriber-forms",
        "list_unnamed": "screens/subscribers",
        "rotate": "screens/subscriber-forms",
        "update": "screens/subscriber-forms",
    },
    "contentlib.library.trash": {
        "get": LISTED,
        "list": "screens/item-forms",
        "purge": "screens/trash",
        "restore": "screens/item-forms",
    },
    "contentlib.overview": {
        "get": "screens/server",
    },
    "contentlib.server.certificates": {
        "list": "screens/server",
    },
    "contentlib.server.settings": {
        "list": "screens/server",
    },
}
"""By service and operation: the module of the console that calls it, or in one line why a person does not."""
OF_PROGRAMS = "com.vmware.vapi."
"""What generates clients and command lines reads the services below it; people do not."""

_ALL = [each for service in services() for each in operations(service)]


def test_each_operation_has_a_decision() -> None:
    decided = {f"{service}.{name}" for service, names in DECISIONS.items() for name in names}
    assert {each.id for each in _ALL if not each.id.startswith(OF_PROGRAMS) or each.id in decided} == decided


def test_the_console_calls_what_the_decisions_say() -> None:
    called = reached(_ALL)
    wrong = []
    for service, names in DECISIONS.items():
        for name, decision in names.items():
            modules = called.pop(f"{service}.{name}", set())
            if decision not in modules if _is_module(decision) else modules:
                wrong.append(f"{service}.{name}: {decision}, but called by {sorted(modules) or 'none'}")
    assert wrong == []
    assert called == {}


def _is_module(decision: str) -> bool:
    return (SOURCE / f"{decision}.ts").is_file()
