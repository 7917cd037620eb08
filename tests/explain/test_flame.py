"""The flame graphs: speedscope's format, and a page that is whole, escaped and loads nothing."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import snarkjs
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.flame import page, speedscope
from zk.compiler.explain.profile import VIEWS, Cost, Profile, flame, profile

HOSTILE = Profile(
    '<script>alert("1")</script>',
    "obligation",
    {
        ("</script><img src=x onerror=alert(1)>", 'a"b'): Cost(3, 9),
        ("&amp; '", "x" * 300): Cost(1, 3),
    },
)


class Boxes(HTMLParser):
    """The tree of boxes: (label, width, tip) by depth; fails on a tag that is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.boxes: list[tuple[int, float, str]] = []
        self.labels: list[str] = []
        self.tags: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("meta", "input"):
            return
        values = dict(attrs)
        if values.get("class") == "box":
            width = re.fullmatch(r"width:([\d.]+)%", values["style"] or "")
            assert width is not None
            depth = sum(1 for name in self.open if name == "box")
            self.boxes.append((depth, float(width[1]), ""))
            self.open.append("box")
        elif values.get("class") == "name":
            depth, share, _ = self.boxes[-1]
            self.boxes[-1] = (depth, share, values["title"] or "")
            self.open.append("name")
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert tag == {"box": "div", "name": "span"}.get(closed, closed)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "name":
            self.labels.append(data)


@pytest.mark.parametrize("view", VIEWS)
def test_speedscope_has_every_stack_and_weight(vault: CompiledCircuit, view: str) -> None:
    found = flame(vault, view)
    document = json.loads(speedscope(found))
    frames = document["shared"]["frames"]
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    assert len({frame["name"] for frame in frames}) == len(frames)
    constraints, terms = document["profiles"]
    for one in (constraints, terms):
        assert set(one) == {"type", "name", "unit", "startValue", "endValue", "samples", "weights"}
        assert one["type"] == "sampled"
        assert len(one["samples"]) == len(one["weights"])
        assert one["endValue"] == sum(one["weights"])
        assert all(0 <= i < len(frames) for sample in one["samples"] for i in sample)
    assert constraints["endValue"] == vault.r1cs.n_constraints
    stacks = [tuple(frames[i]["name"] for i in sample) for sample in constraints["samples"]]
    assert dict(zip(stacks, constraints["weights"], strict=True)) == {
        stack: cost.constraints for stack, cost in found.stacks.items()
    }


def test_speedscope_knows_the_lines(vault: CompiledCircuit) -> None:
    document = json.loads(speedscope(profile(vault, "line")))
    frame = document["shared"]["frames"][0]
    assert frame["file"] == "tests/explain/circuits.py"
    assert frame["name"] == f"{frame['file']}:{frame['line']}"


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_draws_every_stack(vault: CompiledCircuit, view: str) -> None:
    found = flame(vault, view)
    boxes = Boxes(page(found))
    assert boxes.boxes[0][1] == 100
    assert f"{vault.r1cs.n_constraints:,} constraints (100.00 %)" in boxes.boxes[0][2]
    heads = {stack[:depth] for stack in found.stacks for depth in range(1, len(stack) + 1)}
    assert len(boxes.boxes) == 1 + len(heads)
    assert {label for stack in found.stacks for label in stack} <= set(boxes.labels)
    # The outermost boxes' shares are the whole, or less where the outermost has rows of its own.
    assert sum(width for depth, width, _ in boxes.boxes if depth == 1) == pytest.approx(100, 1e-3)


def test_small_boxes_are_drawn_as_one() -> None:
    found = Profile(
        "c", "gadget", {("big",): Cost(100_000, 1)} | {(f"s{i}",): Cost(1, 1) for i in range(9)}
    )
    boxes = Boxes(page(found))
    assert boxes.labels == ["c", "big", "(9 smaller)"]


def test_an_empty_circuit_has_a_page() -> None:
    assert Boxes(page(Profile("empty", "line", {}))).labels == ["empty"]
    assert json.loads(speedscope(Profile("empty", "line", {})))["profiles"][0]["weights"] == []


def test_texts_of_a_circuit_file_cannot_leave_their_place() -> None:
    text = page(HOSTILE)
    boxes = Boxes(text)
    assert sorted(set(boxes.tags)) == sorted(
        {"html", "head", "meta", "title", "style", "body", "h1", "p", "input", "output"}
        | {"div", "span", "script"}
    )
    assert boxes.tags.count("script") == 1
    assert boxes.labels[:2] == [HOSTILE.circuit, "</script><img src=x onerror=alert(1)>"]
    assert json.loads(speedscope(HOSTILE))["name"].startswith("<script>")


def test_the_page_loads_nothing_and_runs_its_own_script_alone(vault: CompiledCircuit) -> None:
    text = page(flame(vault, "obligation"))
    assert not re.search(r"(\ssrc=|href|url\(|@import|https?:)", text)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )


def test_the_pages_script_zooms_and_finds(vault: CompiledCircuit, tmp_path: Path) -> None:
    """The script itself, over a document of three nested boxes."""
    if shutil.which("node") is None:
        snarkjs.missing("node is not on the path; install Node.js 18 or newer")
    (script,) = re.findall(r"<script>(.*?)</script>", page(flame(vault, "line")), re.S)
    (tmp_path / "test.js").write_text(_DOCUMENT + script + _STEPS)
    done = subprocess.run(
        ["node", tmp_path / "test.js"], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "zoomed": {"root": "100%", "a": "100%", "b": "40%", "c": "50%"},
        "gone": ["b"],
        "back": {"root": "100%", "a": "60%", "b": "40%", "c": "50%"},
        "gone_then": [],
        "hits": ["b"],
        "words": "1 boxes",
    }


_DOCUMENT = """
class Node {
  constructor(kind, text, width, children) {
    this.kinds = new Set([kind]); this.textContent = text; this.style = { width };
    this.children = children; this.handlers = {};
    for (const child of children) child.parentElement = this;
    this.classList = {
      add: (k) => this.kinds.add(k), remove: (k) => this.kinds.delete(k),
      contains: (k) => this.kinds.has(k),
      toggle: (k, on) => on ? this.kinds.add(k) : this.kinds.delete(k),
    };
  }
  *all() { for (const c of this.children) { yield c; yield* c.all(); } }
  querySelectorAll(kind) { return [...this.all()].filter((n) => n.kinds.has(kind.slice(1))); }
  addEventListener(kind, handler) { this.handlers[kind] = handler; }
}
const name = (text) => new Node("name", text, "", []);
const box = (text, width, below) => new Node("box", text, width, [name(text), ...below]);
const row = (...boxes) => new Node("below", "", "", boxes);
const c = box("c", "50%", []), a = box("a", "60%", [row(c)]), b = box("b", "40%", []);
const root = box("root", "100%", [row(a, b)]);
const elements = {
  graph: new Node("graph", "", "", [root]), found: new Node("", "", "", []),
  find: new Node("", "", "", []),
};
const document = { getElementById: (id) => elements[id] };
"""
_STEPS = """
const boxes = { root, a, b, c };
const shares = () => Object.fromEntries(Object.entries(boxes).map(([k, v]) => [k, v.style.width]));
const gone = () => Object.keys(boxes).filter((k) => boxes[k].classList.contains("gone"));
const click = (box) => elements.graph.handlers.click({ target: box.children[0] });
const result = {};
click(a); result.zoomed = shares(); result.gone = gone();
click(root); result.back = shares(); result.gone_then = gone();
elements.find.handlers.input({ target: { value: "B" } });
result.hits = Object.keys(boxes).filter((k) => boxes[k].children[0].classList.contains("hit"));
result.words = elements.found.textContent;
console.log(JSON.stringify(result));
"""
