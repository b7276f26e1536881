"""The list of recordings of a night: a manifest (CSV, JSONL or Parquet) or a folder -> `Recording`s.

Everything that is wrong with a manifest is told at once, each mistake with its file and line. A recording that is
listed but does not exist is no mistake of the manifest: that one call fails when it is inspected.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from inspect_pipeline.errors import ManifestError, Problem
from inspect_pipeline.model import Recording
from inspect_pipeline.speech.row import KNOWN_COLUMNS, REQUIRED_COLUMNS, Row, read_row
from inspect_pipeline.store.place import files_below, place_of

AUDIO_EXTENSIONS = (
    frozenset({".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a", ".aac", ".wma", ".webm", ".mka"})
    | {".amr", ".awb", ".gsm", ".g722", ".au", ".aif", ".aiff"}
    | {".alaw", ".al", ".pcma", ".ulaw", ".ul", ".pcmu"}
)
_CSV = frozenset({".csv", ".tsv", ".txt"})
_JSONL = frozenset({".jsonl", ".ndjson"})
_PARQUET = frozenset({".parquet", ".pq"})


def read_source(source: str) -> list[Recording]:
    """Return the recordings that SOURCE lists, in its order (a folder without `manifest.csv`: by path).

    Raises ManifestError naming every mistake, one a line, as `file:line: what is wrong and what to do`.
    """
    path = place_of(source)
    if path.is_dir():
        listed = path / "manifest.csv"
        return _read_manifest(listed) if listed.is_file() else _read_folder(path)
    if not path.exists():
        raise ManifestError(f"{source}: no such file or folder: give a manifest (CSV, JSONL, Parquet) or a folder")
    return _read_manifest(path)


def _read_manifest(path: Path) -> list[Recording]:
    suffix = path.suffix.lower()
    if suffix in _CSV:
        rows, problems = _csv_rows(path)
    elif suffix in _JSONL:
        rows, problems = _jsonl_rows(path)
    elif suffix in _PARQUET:
        rows, problems = _parquet_rows(path)
    elif suffix in AUDIO_EXTENSIONS:
        raise ManifestError(f"{path}: this is a recording, not a list of recordings: give its folder, or a manifest")
    else:
        raise ManifestError(f"{path}: not a manifest by its name: use .csv, .jsonl or .parquet")
    recordings: list[Recording] = []
    missing = _missing_columns(path, rows)
    problems += missing
    if not missing:
        recordings, wrong = _recordings(path, rows)
        problems += wrong
    if not rows and not problems:
        problems.append(Problem(f"{path}:1", "the manifest lists no calls: nothing to inspect"))
    if problems:
        raise ManifestError("\n".join(str(problem) for problem in sorted(problems, key=_by_line)))
    return recordings


def _by_line(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.place.rpartition(":")
    return file, int(line)


def _missing_columns(path: Path, rows: Sequence[Row]) -> list[Problem]:
    """A column is missing when no row has it (a JSONL row may leave out what it does not know)."""
    if not rows:
        return []
    present = {column for row in rows for column in row.cells}
    problems = []
    for column in REQUIRED_COLUMNS:
        if column in present:
            continue
        near = get_close_matches(column, sorted(present - KNOWN_COLUMNS), n=1, cutoff=0.5)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        problems.append(Problem(f"{path}:1", f"column '{column}' is missing{hint}: every call needs call_id and path"))
    return problems


def _recordings(path: Path, rows: Iterable[Row]) -> tuple[list[Recording], list[Problem]]:
    recordings: list[Recording] = []
    problems: list[Problem] = []
    first_line: dict[str, int] = {}
    for row in rows:
        recording, wrong = read_row(row, path)
        problems += wrong
        call_id = row.cells.get("call_id")
        if call_id:
            if call_id in first_line:
                message = f"call_id '{call_id}' is already on line {first_line[call_id]}: each call needs its own"
                problems.append(Problem(f"{path}:{row.line}", message))
            first_line.setdefault(call_id, row.line)
        if recording is not None:
            recordings.append(recording)
    return recordings, problems


def _read_text(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ManifestError(f"{path}:1: this is UTF-16 text: save it as CSV UTF-8")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
    raise ManifestError(f"{path}:{line}: neither UTF-8 nor GB18030 text: save it as CSV UTF-8")


def _csv_rows(path: Path) -> tuple[list[Row], list[Problem]]:
    text = _read_text(path)
    header_line = text.partition("\n")[0]
    delimiter = "," if "," in header_line else "\t" if "\t" in header_line else ";" if ";" in header_line else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            place = f"{path}:{line}"
            if any(cell.strip() for cell in cells):
                if not header:
                    header = [cell.strip() for cell in cells]
                    problems += [
                        Problem(place, f"column '{name}' is there twice: keep one")
                        for name in sorted({name for name in header if name and header.count(name) > 1})
                    ]
                elif len(cells) != len(header):
                    message = (
                        f"{len(cells)} cells where the header has {len(header)}: a comma inside a cell needs quotes"
                    )
                    problems.append(Problem(place, message))
                else:
                    rows.append(_row(line, zip(header, cells, strict=True)))
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(f"{path}:{line}", f"not CSV ({error}): mend the quotes of this row"))
    if header and not rows and not problems:
        problems += _missing_columns(path, [Row(1, dict.fromkeys(header))])
    return rows, problems


def _row(line: int, cells: Iterable[tuple[str, str | None]]) -> Row:
    return Row(line, {column: (text.strip() or None) if text else None for column, text in cells if column})


def _jsonl_rows(path: Path) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, text in enumerate(_read_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        place = f"{path}:{line}"
        try:
            fields = json.loads(text)
        except ValueError as error:
            problems.append(Problem(place, f"not JSON ({error}): write one object a line"))
            continue
        if not isinstance(fields, dict):
            problems.append(Problem(place, "not a JSON object: write one object a line"))
            continue
        nested = [column for column, value in fields.items() if isinstance(value, dict | list)]
        problems += [Problem(place, f"'{column}' holds a list or an object: give a plain value") for column in nested]
        rows.append(_row(line, ((column, _plain(value)) for column, value in fields.items() if column not in nested)))
    return rows, problems


def _plain(value: object) -> str | None:
    """A JSON value as a manifest cell: 1086 and 1086.0 are '1086', true is 'true'."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _parquet_rows(path: Path) -> tuple[list[Row], list[Problem]]:
    from inspect_pipeline.store.manifest_file import read_parquet_rows

    rows = read_parquet_rows(path)
    return [_row(number, cells.items()) for number, cells in enumerate(rows, start=1)], []


def _read_folder(folder: Path) -> list[Recording]:
    """One call a recording, in the folder and below; hidden files and other kinds of files are left alone."""
    files = [
        file
        for file in files_below(folder)
        if file.suffix.lower() in AUDIO_EXTENSIONS
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
    if not files:
        known = " ".join(sorted(AUDIO_EXTENSIONS))
        raise ManifestError(f"{folder}: no manifest.csv and no recordings in it (looked for {known})")
    seen: dict[str, Path] = {}
    doubles = []
    for file in files:
        if file.stem in seen:
            doubles.append(
                f"{file}: call_id '{file.stem}' is also {seen[file.stem]}: rename one, or write a manifest.csv"
            )
        seen.setdefault(file.stem, file)
    if doubles:
        raise ManifestError("\n".join(doubles))
    return [Recording(call_id=call_id, path=str(file.resolve())) for call_id, file in seen.items()]
