"""Declares messages about structures whose fields do not match their case."""

from contentlib.messages import Message

_INVALID = "wire.invalid_value"
_SEE_PAGE = "The page of the operation lists the fields of each case."

FIELD_OF_OTHER_CASE = Message(_INVALID, "{field} cannot be set when {tag} is {case}", _SEE_PAGE)
FIELD_REQUIRED = Message(_INVALID, "{field} is required when {tag} is {case}", _SEE_PAGE)
WRONG_TYPE = Message(_INVALID, "{field} must be {expected}, not {given}", _SEE_PAGE)
