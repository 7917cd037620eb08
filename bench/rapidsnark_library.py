"""rapidsnark with its key loaded: `python -m bench.rapidsnark_library LIBRARY ZKEY WTNS`.

Its command reads the key for every proof; its shared library keeps a prover, by the interface of
its prover.h. A server in the sense of zkmargin/bench/running.py.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
from pathlib import Path

_ERROR = 1024
_PUBLIC = 1 << 20


def main(library: str, zkey: str, wtns: str) -> None:
    rapidsnark = ctypes.CDLL(library)
    error = ctypes.create_string_buffer(_ERROR)
    prover = ctypes.c_void_p()
    key = Path(zkey).read_bytes()  # the prover points into it
    size = ctypes.c_ulonglong(len(key))
    limit = ctypes.c_ulonglong(_ERROR)
    _check(
        rapidsnark.groth16_prover_create(ctypes.byref(prover), key, size, error, limit),
        error,
    )
    witness = Path(wtns).read_bytes()
    proof, public = ctypes.create_string_buffer(4096), ctypes.create_string_buffer(_PUBLIC)

    def prove() -> None:
        sizes = ctypes.c_ulonglong(len(proof)), ctypes.c_ulonglong(len(public))
        _check(
            rapidsnark.groth16_prover_prove(
                prover,
                witness,
                ctypes.c_ulonglong(len(witness)),
                proof,
                ctypes.byref(sizes[0]),
                public,
                ctypes.byref(sizes[1]),
                error,
                limit,
            ),
            error,
        )

    prove()
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        prove()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def _check(code: int, error: ctypes.Array[ctypes.c_char]) -> None:
    if code != 0:
        raise SystemExit(f"rapidsnark: {error.value.decode(errors='replace') or code}")


if __name__ == "__main__":
    main(*sys.argv[1:])
