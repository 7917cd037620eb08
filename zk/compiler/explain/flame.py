"""Flame graphs of a profile: speedscope's JSON, and one HTML page that needs nothing else.

Source: speedscope's file format, https://www.speedscope.app/file-format-schema.json: a profile of
type "sampled" has stacks of indices into a list of frames, outermost first, and a weight for each.

The page draws every frame as a box whose width is its share, nested in its parent's; the browser
lays it out without a script. A script, if it may run, adds zoom and search. The page loads nothing
and its policy forbids it to.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from zk.compiler.explain.profile import Cost, Profile, Stack

#: Boxes narrower than this share of the whole are drawn as one, since nobody could hit them.
SMALLEST = 1 / 4000

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_PLACE = re.compile(r"(.+):(\d+)")


def speedscope(found: Profile) -> str:
    """The profile as a file for https://www.speedscope.app: constraints, then nonzeros."""
    frames: dict[str, int] = {}
    samples = [[frames.setdefault(label, len(frames)) for label in stack] for stack in found.stacks]
    costs = list(found.stacks.values())
    weights = {
        "constraints": [cost.constraints for cost in costs],
        "nonzeros": [cost.nonzeros for cost in costs],
    }
    document = {
        "$schema": _SCHEMA,
        "exporter": "zkmargin",
        "name": f"{found.circuit} by {found.view}",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(label) for label in frames]},
        "profiles": [
            {
                "type": "sampled",
                "name": f"{found.circuit}: {unit}",
                "unit": "none",
                "startValue": 0,
                "endValue": sum(counts),
                "samples": samples,
                "weights": counts,
            }
            for unit, counts in weights.items()
        ],
    }
    return json.dumps(document, separators=(",", ":"))


def _frame(label: str) -> dict[str, Any]:
    """A frame; of a source line, with its file and line as speedscope wants them."""
    place = _PLACE.fullmatch(label)
    if place is None:
        return {"name": label}
    return {"name": label, "file": place[1], "line": int(place[2])}


# The page -----------------------------------------------------------------------------------------


@dataclass
class _Node:
    label: str
    cost: Cost = field(default_factory=Cost)
    children: dict[str, _Node] = field(default_factory=dict)


def page(found: Profile) -> str:
    """The profile as a standalone HTML page."""
    root = _tree(found)
    title = _escape(f"{found.circuit} by {found.view}")
    total = root.cost
    boxes = "".join(_boxes(root, total, root.cost, 0))
    digest = base64.b64encode(sha256(_SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f"<p>{total.constraints:,} constraints, {total.nonzeros:,} nonzeros. A box is as wide as "
        "its constraints; what it calls hangs below it. Point at a box for its numbers, click it "
        'to zoom, click the top one to go back.</p>\n<p><input type="search" id="find" '
        'placeholder="find" aria-label="find"> <output id="found"></output></p>\n'
        f'<div id="graph">{boxes}</div>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n'
    )


def _tree(found: Profile) -> _Node:
    root = _Node(found.circuit)
    for stack, cost in found.stacks.items():
        root.cost += cost
        _insert(root, stack, cost)
    return root


def _insert(node: _Node, stack: Stack, cost: Cost) -> None:
    for label in stack:
        node = node.children.setdefault(label, _Node(label))
        node.cost += cost


def _boxes(node: _Node, whole: Cost, parent: Cost, depth: int) -> Iterator[str]:
    """The box of a node and those below it; widths are shares of the parent's."""
    yield _box(node.label, node.cost, whole, parent)
    shown = sorted(node.children.values(), key=lambda n: (-n.cost.constraints, n.label))
    small = [n for n in shown if n.cost.constraints < SMALLEST * whole.constraints]
    large = shown[: len(shown) - len(small)]
    if large or small:
        yield '<div class="below">'
        for child in large:
            yield from _boxes(child, whole, node.cost, depth + 1)
        if small:
            rest = sum((n.cost for n in small), Cost())
            yield _box(f"({len(small)} smaller)", rest, whole, node.cost) + "</div>"
        yield "</div>"
    yield "</div>"


def _box(label: str, cost: Cost, whole: Cost, parent: Cost) -> str:
    width = 100 * cost.constraints / max(parent.constraints, 1)
    share = 100 * cost.constraints / max(whole.constraints, 1)
    text = _escape(label)
    # A label always has the same colour, in any page and any process.
    hue = int.from_bytes(sha256(label.encode()).digest()[:2], "big") % 70
    tip = f"{text}: {cost.constraints:,} constraints ({share:.2f} %), {cost.nonzeros:,} nonzeros"
    return (
        f'<div class="box" style="width:{width:.4f}%">'
        f'<span class="name" style="background:hsl({hue} 85% 75%)" title="{tip}">{text}</span>'
    )


def _escape(text: str) -> str:
    """As text of a page; control characters, which a circuit file may hold, are marked."""
    return html.escape("".join(c if c.isprintable() else "\ufffd" for c in text))


_STYLE = """
body{font:14px system-ui,sans-serif;margin:1em;color:#222;background:#fff}
h1{font-size:1.2em}
#graph{width:100%;overflow:hidden}
.below{display:flex}
.box{flex:none;min-width:0;overflow:hidden}
.name{display:block;box-sizing:border-box;height:20px;line-height:20px;padding:0 3px;cursor:pointer;
font-size:12px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;
border-right:1px solid #fff;border-bottom:1px solid #fff}
.hit{background:#b6e !important}
.gone{display:none}
"""

_SCRIPT = """
"use strict";
const graph = document.getElementById("graph"), found = document.getElementById("found");
const widths = new Map();
for (const box of graph.querySelectorAll(".box")) widths.set(box, box.style.width);
function zoom(target) {
  for (const [box, width] of widths) { box.style.width = width; box.classList.remove("gone"); }
  for (let box = target; box !== graph; box = box.parentElement) {
    if (!box.classList.contains("box")) continue;
    box.style.width = "100%";
    for (const other of box.parentElement.children)
      if (other !== box && other.classList.contains("box")) other.classList.add("gone");
  }
}
graph.addEventListener("click", (event) => {
  if (event.target.classList.contains("name")) zoom(event.target.parentElement);
});
document.getElementById("find").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase();
  let hits = 0;
  for (const name of graph.querySelectorAll(".name")) {
    const hit = words !== "" && name.textContent.toLowerCase().includes(words);
    name.classList.toggle("hit", hit);
    hits += hit;
  }
  found.textContent = words === "" ? "" : hits + " boxes";
});
"""
