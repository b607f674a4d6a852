"""What a caller hears of each error of the rules: the one table that joins them to the errors of vAPI."""

from __future__ import annotations

from contentlib.http.messages import STORAGE_FAILED
from contentlib.library import errors as rules
from contentlib.vapi import errors as vapi
from contentlib.vapi.declare import Operation

_HEARD: dict[type[rules.LibraryError], tuple[type[vapi.VapiError], ...]] = {
    rules.Missing: (vapi.NotFound,),
    rules.MissingFile: (vapi.InvalidArgument, vapi.NotFound),
    rules.Invalid: (vapi.InvalidArgument,),
    rules.Taken: (vapi.AlreadyExists,),
    rules.NameTaken: (vapi.AlreadyExists,),
    rules.InUse: (vapi.NotAllowedInCurrentState,),
    rules.WrongState: (vapi.NotAllowedInCurrentState, vapi.ResourceBusy),
    rules.WrongType: (vapi.InvalidElementType,),
    rules.NotActive: (vapi.NotAllowedInCurrentState,),
    rules.StillActive: (vapi.NotAllowedInCurrentState,),
    rules.NotReady: (vapi.NotAllowedInCurrentState,),
    rules.Busy: (vapi.ResourceBusy, vapi.NotAllowedInCurrentState),
    rules.InDesiredState: (vapi.AlreadyInDesiredState,),
    rules.VersionConflict: (vapi.ConcurrentChange,),
    rules.NotCompliant: (vapi.NotAllowedInCurrentState, vapi.Error),
    rules.NotPublished: (vapi.NotAllowedInCurrentState,),
    rules.NotRestorable: (vapi.NotAllowedInCurrentState,),
    rules.NotHere: (vapi.ResourceInaccessible, vapi.NotAllowedInCurrentState),
    rules.NotSynchronized: (vapi.NotAllowedInCurrentState,),
    rules.NotOnDemand: (vapi.InvalidElementConfiguration, vapi.NotAllowedInCurrentState),
    rules.Unsupported: (vapi.Unsupported,),
    rules.NotWritable: (vapi.ResourceInaccessible, vapi.Error, vapi.NotAllowedInCurrentState),
    rules.NotFetched: (vapi.ResourceInaccessible, vapi.Error, vapi.NotAllowedInCurrentState),
    rules.Unavailable: (vapi.ServiceUnavailable,),
    rules.Damaged: (vapi.ResourceInaccessible, vapi.Error, vapi.NotAllowedInCurrentState),
}
"""The first one that the operation declares, also beside the contract, is heard; invalid_argument where it declares none."""
_ANYWHERE = (vapi.ServiceUnavailable,)  # declared by no operation, and to be expected of every one


def translate(error: Exception, operation: Operation) -> vapi.VapiError | None:
    """The error that a caller of the operation hears; None where the error is none of the rules' and none of the storage's."""
    if isinstance(error, rules.LibraryError):
        fault = error.fault
        declared = (*operation.errors, *operation.beside, *_ANYWHERE)
        heard = next((each for each in _HEARD[type(error)] if each in declared), vapi.InvalidArgument)
        return heard(fault)
    if isinstance(error, OSError):
        return vapi.ServiceUnavailable(STORAGE_FAILED(reason=str(error.strerror or error)))
    return None
