"""Prove in zero knowledge that an account meets its margin requirement.

    import zkmargin as zm

    claim   = zm.Claim(domain, params, market, mode="MM", buffer=0)
    circuit = zm.compile(zm.meets_margin(params.shape))
    pk, vk  = zm.setup(circuit, development=True)
    proof   = zm.prove(pk, circuit, claim, account)

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkmargin.api import *  # noqa: F403

__version__ = "0.1.0"

_API = "zkmargin.api"


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'zkmargin' has no attribute {name!r}")
    from importlib import import_module

    api = import_module(_API)
    if name not in api.__all__:
        raise AttributeError(f"module 'zkmargin' has no attribute {name!r}")
    return getattr(api, name)


def __dir__() -> list[str]:
    from importlib import import_module

    return sorted([*globals(), *import_module(_API).__all__])
