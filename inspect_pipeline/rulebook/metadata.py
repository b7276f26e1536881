"""The metadata of a call as `only_if` sees it: column -> text."""

from __future__ import annotations

from inspect_pipeline.model import Recording

_COLUMNS = ("call_id", "agent_id", "team", "site", "queue", "direction")


def recording_metadata(recording: Recording) -> dict[str, str]:
    """Return every column that is known for the call; one that is not known has no key.

    From the recording: `call_id`, `agent_id`, `team`, `site`, `queue`, `direction`, `duration_s` (seconds), and from
    its start `started_at` (ISO 8601 with zone), `date` (YYYY-MM-DD), `hour` (0-23) and `weekday` (1 Monday to
    7 Sunday), all in the zone of the start. All other columns of the manifest come as they are. The customer's number
    is never among them.
    """
    known = {column: getattr(recording, column) for column in _COLUMNS}
    columns = {column: str(value) for column, value in known.items() if value is not None}
    if recording.duration_s is not None:
        columns["duration_s"] = str(recording.duration_s)
    if recording.started_at is not None:
        columns["started_at"] = recording.started_at.isoformat()
        columns["date"] = recording.started_at.date().isoformat()
        columns["hour"] = str(recording.started_at.hour)
        columns["weekday"] = str(recording.started_at.isoweekday())
    return {**columns, **recording.metadata}
