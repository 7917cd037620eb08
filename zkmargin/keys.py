"""Keys that know their statement, and the folder they live in.

    circuit.zkc  proving.zkey  proving.zkp  verification_key.json  statement.json

statement.json pins the others by digest and is written last. When a set replaces another, the new
files first stand under names of their own, so at every moment statement.json names a whole set: a
run killed at any point leaves the old keys or the new ones. What it leaves besides is swept up by
the next run.

A proving key's points are checked in full when it is made or imported; after that its digest in
statement.json stands for the check. A verification key is checked in full every time it is read.
proving.zkp is proving.zkey prepared for the engine (zk/formats/prepared.py); sets made before it
was known have none, and `prepare_set` adds it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from zk import groth16
from zk.compiler.compiled import CompiledCircuit
from zk.errors import ArtifactError, DigestMismatch, InputError, ZkError
from zk.formats.binfile import map_file, read_file
from zk.formats.circuit import load_circuit, save_circuit
from zk.formats.json import KEY_LIMIT, read_verifying_key, save_verifying_key
from zkmargin.statement_file import (
    FILE,
    Pinned,
    Prepared,
    Statement,
    StatementFile,
    load_statement,
    save_statement,
)

CIRCUIT: Final = "circuit.zkc"
PROVING_KEY: Final = "proving.zkey"
PREPARED_KEY: Final = "proving.zkp"
VERIFICATION_KEY: Final = "verification_key.json"

_OWN_NAMES: Final = re.compile(
    r"(circuit|proving|verification_key)-[0-9a-f]{12}\.(zkc|zkey|zkp|json)"
)


@dataclass(frozen=True, eq=False)
class VerifyingKey:
    """A Groth16 verifying key and the statement it is for."""

    key: groth16.VerifyingKey
    statement: Statement

    def __repr__(self) -> str:
        return f"<VerifyingKey of {self.statement}>"

    @classmethod
    def load(cls, statement: str | os.PathLike[str]) -> VerifyingKey:
        """Read statement.json and, from beside it, the verification key it pins."""
        return cls.of_set(load_statement(statement))

    @classmethod
    def of_set(cls, file: StatementFile) -> VerifyingKey:
        """The verification key that a statement.json pins."""
        pinned = file.verification_key
        name, data = read_file(file.beside(pinned.file), KEY_LIMIT)
        _check_digest(data, name, pinned, file.path)
        return cls(read_verifying_key(data, name), file.statement)


@dataclass(frozen=True, eq=False)
class ProvingKey:
    """A Groth16 proving key and the statement it is for.

    `is_checked`: every point was found good, now or when the set it came from was written.
    """

    key: groth16.ProvingKey
    statement: Statement
    is_checked: bool = False

    def __repr__(self) -> str:
        return f"<ProvingKey of {self.statement}>"

    @property
    def verifying_key(self) -> VerifyingKey:
        return VerifyingKey(self.key.vk, self.statement)

    def checked(self) -> ProvingKey:
        """The same key after a look at every point; BadPoint names one that is not good."""
        from zk.formats.zkey import check_zkey_points

        check_zkey_points(self.key, "the proving key")
        return replace(self, is_checked=True)

    def save(
        self, folder: str | os.PathLike[str], circuit: CompiledCircuit, *, prepare: bool = True
    ) -> StatementFile:
        """Write the whole set into `folder`, in place of one that may stand there.

        From then on the digest stands for the check of the points, so it is made here at the
        latest. Without `prepare` the set has no prepared key, and is written sooner.
        """
        if circuit.digest != self.statement.circuit_digest:
            raise DigestMismatch("the key was made for another circuit than is to be saved with it")
        pk = self if self.is_checked else self.checked()
        return _save_set(Path(folder), pk, circuit, prepare)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> tuple[ProvingKey, CompiledCircuit]:
        """Read a set: the key, known by its digest, and its circuit."""
        file = load_set(folder)
        return cls.of_set(file), load_pinned_circuit(file)

    @classmethod
    def of_set(cls, file: StatementFile) -> ProvingKey:
        """The key alone."""
        from zk.formats.zkey import read_zkey

        name, data = map_file(file.beside(file.proving_key.file))
        _check_digest(data, name, file.proving_key, file.path)
        return cls(read_zkey(data, name), file.statement, is_checked=True)


def load_set(folder: str | os.PathLike[str]) -> StatementFile:
    """The statement.json of a folder of keys."""
    path = Path(folder) / FILE
    if not path.is_file():
        raise InputError(
            f"holds no {FILE}, so no complete set of keys: make one with `zkmargin setup`",
            file=str(folder),
        )
    return load_statement(path)


def load_pinned_circuit(file: StatementFile) -> CompiledCircuit:
    """The circuit of a set."""
    path = file.beside(file.circuit)
    circuit = load_circuit(path)
    if circuit.digest != file.statement.circuit_digest:
        raise DigestMismatch(
            f"{path}: is not the circuit that {file.path} names: fetch the set of keys anew, or "
            "run setup again"
        )
    return circuit


def file_digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, in hexadecimal."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror}") from None


def _check_digest(data: bytes | memoryview, name: str, pinned: Pinned, by: Path) -> None:
    if hashlib.sha256(data).hexdigest() != pinned.sha256:
        raise DigestMismatch(
            f"{name}: is not the file that {by} pins by its SHA-256: fetch the set of keys anew, "
            "or run setup again"
        )


def prepare_set(folder: str | os.PathLike[str]) -> StatementFile:
    """Prepare the proving key of a set, in place of the prepared key that it may have."""
    folder = Path(folder)
    file = load_set(folder)
    with _locked(folder):
        file = load_set(folder)  # as it stands now that nobody else writes
        pk, circuit = ProvingKey.of_set(file), load_pinned_circuit(file)
        marked = _marked(PREPARED_KEY, f"-{os.urandom(6).hex()}")
        try:
            digest = _write_prepared(folder / marked, pk, circuit)
            save_statement(file.path, replace(file, prepared=Prepared(marked, digest)))
        except (ZkError, OSError):
            (folder / marked).unlink(missing_ok=True)
            raise
        _give_name(folder / marked, folder / PREPARED_KEY)
        file = replace(file, prepared=Prepared(PREPARED_KEY, digest))
        save_statement(file.path, file)
        _sweep(folder)
    return file


def _save_set(
    folder: Path, pk: ProvingKey, circuit: CompiledCircuit, prepare: bool
) -> StatementFile:
    """New files under names of their own, statement.json, then the plain names."""
    path = folder / FILE
    made_folder = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArtifactError(f"{folder}: cannot be made: {error.strerror}") from None
    plain_names = [CIRCUIT, PROVING_KEY, VERIFICATION_KEY, PREPARED_KEY][: 3 + prepare]
    mark = f"-{os.urandom(6).hex()}"
    names = [_marked(name, mark) for name in plain_names]
    with _locked(folder):
        replaces = path.exists()
        try:
            digests = _write_files([folder / name for name in names], pk, circuit)
            if not replaces:
                _refuse_strangers(folder, plain_names, names)
            save_statement(path, _described(pk.statement, names, digests, path))
        except (ZkError, OSError):  # a failure, not a kill: leave nothing
            for name in names:
                (folder / name).unlink(missing_ok=True)
            if made_folder:
                folder.rmdir()
            raise
        # Nothing names the old files any more: their names go to the new ones.
        for name, plain in zip(names, plain_names, strict=True):
            _give_name(folder / name, folder / plain)
        file = _described(pk.statement, plain_names, digests, path)
        save_statement(path, file)
        if replaces and not prepare:
            (folder / PREPARED_KEY).unlink(missing_ok=True)  # of the set that was replaced
        _sweep(folder)
    return file


def _write_files(paths: list[Path], pk: ProvingKey, circuit: CompiledCircuit) -> list[str]:
    """Write circuit, proving key, verification key and, if it has a name, prepared key.

    Returns the digests of the keys.
    """
    from zk.formats.zkey import save_zkey

    save_circuit(paths[0], circuit)
    save_zkey(paths[1], pk.key)
    save_verifying_key(paths[2], pk.key.vk)
    prepared = [_write_prepared(path, pk, circuit) for path in paths[3:]]
    return [*map(file_digest, paths[1:3]), *prepared]


def _write_prepared(path: Path, pk: ProvingKey, circuit: CompiledCircuit) -> str:
    from zk.formats.prepared import save_prepared

    return save_prepared(path, pk.key, circuit.r1cs, circuit.intervals)


def _described(
    statement: Statement, names: Sequence[str], digests: list[str], path: Path
) -> StatementFile:
    key, vk = map(Pinned, names[1:3], digests)
    prepared = Prepared(names[3], digests[2]) if names[3:] else None
    return StatementFile(statement, names[0], key, vk, path, prepared)


def _refuse_strangers(folder: Path, names: Sequence[str], new: Sequence[str]) -> None:
    """Without a statement.json, files of our names are somebody's own: they are not replaced."""
    for name, ours in zip(names, new, strict=True):
        if (folder / name).exists() and file_digest(folder / name) != file_digest(folder / ours):
            raise InputError(
                f"holds a {name} and no {FILE}, so it is not a set of keys to replace: choose "
                "another folder",
                file=str(folder),
            )


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time, where the system has such locks; a kill releases it."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ArtifactError(f"{folder}: another setup is writing here: wait for it") from None
    try:
        yield
    finally:
        os.close(descriptor)


def _marked(name: str, mark: str) -> str:
    stem, suffix = name.rsplit(".", 1)
    return f"{stem}{mark}.{suffix}"


def _give_name(path: Path, name: Path) -> None:
    """`name` becomes a second name of the file at `path`, in one step."""
    link = path.with_name(path.name.replace(".", "-link.", 1))
    try:
        os.link(path, link)
        os.replace(link, name)
    except OSError as error:
        raise ArtifactError(f"{name}: cannot be written: {error.strerror}") from None


def _sweep(folder: Path) -> None:
    """Remove what a killed run left under its own names; the plain names hold the set by now."""
    for path in folder.iterdir():
        if _OWN_NAMES.fullmatch(path.name.replace("-link.", ".")):
            path.unlink(missing_ok=True)
