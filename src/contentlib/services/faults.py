"""Maps the errors of the rules to the vAPI errors that callers receive."""

from __future__ import annotations

from contentlib.http.failures import storage_fault
from contentlib.library import errors as rules
from contentlib.vapi import errors as vapi
from contentlib.vapi.declare import Operation

_HEARD: dict[type[rules.LibraryError], tuple[type[vapi.VapiError], ...]] = {
    rules.Missing: (vapi.NotFound,),
    rules.MissingFile: (vapi.InvalidArgument, vapi.NotFound),
    rules.Invalid: (vapi.InvalidArgument,),
    rules.ItemNameTaken: (vapi.AlreadyExists,),
    rules.NameTaken: (vapi.AlreadyExists,),
    rules.TagExists: (vapi.AlreadyExists,),
    rules.InUse: (vapi.NotAllowedInCurrentState,),
    rules.WrongState: (vapi.NotAllowedInCurrentState, vapi.ResourceBusy),
    rules.WrongType: (vapi.InvalidElementType,),
    rules.NotActive: (vapi.NotAllowedInCurrentState,),
    rules.StillActive: (vapi.NotAllowedInCurrentState,),
    rules.NotReady: (vapi.NotAllowedInCurrentState,),
    rules.Busy: (vapi.ResourceBusy, vapi.NotAllowedInCurrentState),
    rules.Superseded: (vapi.ResourceBusy, vapi.NotAllowedInCurrentState),
    rules.QuotaExceeded: (vapi.NotAllowedInCurrentState, vapi.UnableToAllocateResource),
    rules.InDesiredState: (vapi.AlreadyInDesiredState,),
    rules.VersionConflict: (vapi.ConcurrentChange,),
    rules.NotCompliant: (vapi.NotAllowedInCurrentState, vapi.Error),
    rules.NotPublished: (vapi.NotAllowedInCurrentState,),
    rules.NotRestorable: (vapi.NotAllowedInCurrentState,),
    rules.NotHere: (vapi.ResourceInaccessible, vapi.NotAllowedInCurrentState),
    rules.NotSynchronized: (vapi.NotAllowedInCurrentState,),
    rules.NotOnDemand: (vapi.InvalidElementConfiguration, vapi.NotAllowedInCurrentState),
    rules.LastAdministrator: (vapi.NotAllowedInCurrentState,),
    rules.FromOutside: (vapi.NotAllowedInCurrentState,),
    rules.BuiltIn: (vapi.NotAllowedInCurrentState,),
    rules.NotGrantable: (vapi.Unauthorized,),
    rules.Unsupported: (vapi.Unsupported,),
    rules.NotWritable: (vapi.ResourceInaccessible, vapi.Error, vapi.NotAllowedInCurrentState),
    rules.NotFetched: (vapi.ResourceInaccessible, vapi.Error, vapi.NotAllowedInCurrentState),
    rules.NotDecrypted: (vapi.ResourceInaccessible, vapi.Error, vapi.NotAllowedInCurrentState),
    rules.Unavailable: (vapi.ServiceUnavailable,),
    rules.Damaged: (vapi.ResourceInaccessible, vapi.Error, vapi.NotAllowedInCurrentState),
}
"""The caller receives the first one that the operation declares, also beyond the contract, or else invalid_argument."""
_ANYWHERE = (vapi.ServiceUnavailable, vapi.UnableToAllocateResource)  # not declared, possible for every operation


def translate(error: Exception, operation: Operation) -> vapi.VapiError | None:
    """Returns the error that the caller of an operation receives, or None for errors of neither the rules nor the storage."""
    if isinstance(error, rules.LibraryError):
        fault = error.fault
        declared = (*operation.errors, *operation.beside, *_ANYWHERE)
        heard = next((each for each in _HEARD[type(error)] if each in declared), vapi.InvalidArgument)
        return heard(fault)
    if isinstance(error, OSError):
        return vapi.ServiceUnavailable(storage_fault(error))
    return None
