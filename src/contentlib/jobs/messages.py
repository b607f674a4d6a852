"""Declares messages about failed and waiting tasks."""

from contentlib.messages import Message

MIGRATION_FAILED = Message(
    "migration.storage_failed",
    "library {library} could not be moved to storage {storage}: {reason}",
    "Check the storage, then migrate again: what was moved stays there.",
)
TASK_STORAGE_FAILED = Message(
    "task.storage_failed",
    "the server cannot access its storage: {reason}",
    "Wait: the task is tried again. If it fails in the end, check the storage and the database.",
)
TASK_TAKEN_OVER = Message("task.taken_over", "another process of the server has begun task {task} again", "Nothing to do.")
TASK_FAILED = Message(
    "task.failed",
    "internal server error; see the server log for task {task}",
    "Report the error with the entry in the server's log.",
)
