"""Development keys on disk, made once for each circuit and found again by its digest.

The folder is the user's own (mode 0700): $ZKMARGIN_CACHE, or the system's place for caches. A set
is made elsewhere and moved in whole; one that fails its digests is made again. Nothing in it is
secret, and nothing in it is fit for production.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

from prover import keygen
from zk.compiler.compiled import CompiledCircuit
from zk.errors import ArtifactError, InputError
from zkmargin.keys import ProvingKey
from zkmargin.proving import statement_of

LAYOUT = "v1"


def cache_folder() -> Path:
    """Where keys are cached."""
    if chosen := os.environ.get("ZKMARGIN_CACHE"):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "zkmargin"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "zkmargin" / "Cache"
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "zkmargin"


def development_keys(circuit: CompiledCircuit) -> tuple[ProvingKey, bool]:
    """A development key for the circuit, and whether it came from the cache."""
    target = cache_folder() / "keys" / LAYOUT / f"{circuit.digest:064x}"
    if (found := _load(target, circuit)) is not None:
        return found, True
    pk = ProvingKey(keygen.setup(circuit, development=True), statement_of(circuit)).checked()
    # A cache that cannot be written is no reason to fail.
    with contextlib.suppress(OSError, ArtifactError):
        _store(target, pk, circuit)
    return pk, False


def _load(target: Path, circuit: CompiledCircuit) -> ProvingKey | None:
    """The set in `target`, if it is whole and of this circuit."""
    try:
        pk, stored = ProvingKey.load(target)
    except (ArtifactError, InputError, OSError):
        return None
    good = stored.digest == circuit.digest and pk.statement.development
    return pk if good else None


def _store(target: Path, pk: ProvingKey, circuit: CompiledCircuit) -> None:
    """Make the set beside `target` and move it there in one step."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = target.with_name(f".{target.name}.{os.urandom(6).hex()}")
    try:
        pk.save(made, circuit, prepare=False)
        if target.exists():  # broken, or it would have been used
            old = made.with_suffix(".old")
            os.rename(target, old)
            shutil.rmtree(old, ignore_errors=True)
        os.rename(made, target)  # fails if another process was first: its set is as good
    finally:
        shutil.rmtree(made, ignore_errors=True)
