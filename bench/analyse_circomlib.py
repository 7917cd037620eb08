"""`python -m bench.analyse_circomlib [--level O0,O2] [--seconds 100] [--memory 4] [--only TEXT]`:
how many of circomlib's templates `zkmargin analyse` decides.

circomlib_templates.json lists the templates of circomlib 2.0.5 with parameters, those of its own
tests where it has some. Each is compiled by circom2 in a temporary folder (both from
tests/js/node_modules; nothing of circomlib is kept), with every input public: circom -O2 drops a
private input that a linear row can be solved for, row and all, and then the file no longer says
what the template does. Decided is a certificate that `--check` accepts in a process of its own,
or a pair of witnesses that satisfies every row; the question is the outputs.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = HERE.parent / "tests" / "js" / "node_modules"
TEMPLATES = HERE / "circomlib_templates.json"
_COMPILE_SECONDS = 900
_GRACE = 60  # seconds to start, read the file and print


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", default="O0,O2")
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--memory", type=float, default=4)
    parser.add_argument("--only", default="", help="templates whose main holds this text")
    parser.add_argument("--json", type=Path, help="also write the results here")
    options = parser.parse_args()
    listed = json.loads(TEMPLATES.read_text())
    package = json.loads((MODULES / "circomlib" / "package.json").read_text())
    if package["version"] != listed["circomlib"]:
        sys.exit(f"circomlib {listed['circomlib']} is needed, not {package['version']}")
    chosen = [t for t in listed["templates"] if options.only in t["main"]]
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(MODULES / "circomlib" / "circuits", folder / "circuits")
        for level in options.level.split(","):
            counts: Counter[str] = Counter()
            for i, template in enumerate(chosen):
                found = one(folder, template, i, level, options.seconds, options.memory)
                counts[found["verdict"]] += 1
                results.append(found)
                print(
                    f"{level} {template['file']:32} {template['main'][:34]:34} "
                    f"{found.get('constraints', 0):>7,} {found['verdict']:8} "
                    f"wires {found.get('wires', '-'):8} {found.get('seconds', 0):6.1f} s",
                    flush=True,
                )
            decided = counts["safe"] + counts["unsafe"]
            print(f"{level}: {dict(counts)}, decided {decided} of {len(chosen)}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def one(
    folder: Path, template: dict[str, str], number: int, level: str, seconds: float, memory: float
) -> dict[str, Any]:
    """Compile one template and analyse it; what it cost and what was found."""
    head = {"level": level, "file": template["file"], "main": template["main"]}
    r1cs = compile_main(folder, template, f"t{number}", level)
    if r1cs is None:
        return {**head, "verdict": "not compiled"}
    certificate = r1cs.with_suffix(".certificate.json")
    us = [sys.executable, "-m", "zkmargin", "analyse", str(r1cs), "--of", "outputs"]
    limits = ["--seconds", str(seconds), "--memory", str(memory), "--json"]
    try:
        found = _json([*us, *limits, "--certificate", str(certificate)], seconds + _GRACE)
        kept = {key: found[key] for key in ("verdict", "wires", "constraints", "seconds")}
        if kept["verdict"] == "safe" and certificate.exists():
            started = time.perf_counter()
            checked = _json([*us, "--check", str(certificate), "--json"], seconds + _GRACE)
            kept["check_seconds"] = round(time.perf_counter() - started, 2)
            if checked.get("verdict") != "safe":
                kept["verdict"] = "refused"
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        kept = {"verdict": f"failed ({type(error).__name__})"}
    for path in folder.glob(f"t{number}*"):
        path.unlink()
    return {**head, **kept}


def compile_main(folder: Path, template: dict[str, str], stem: str, level: str) -> Path | None:
    """The template as a main component with public inputs; None if circom2 refuses it."""
    include = template.get("include", template["file"])
    source = f'pragma circom 2.0.0;\ninclude "circuits/{include}";\n'
    text = (folder / "circuits" / template["file"]).read_text()
    if not re.search(r"^component\s+main\b", text, re.MULTILINE):
        inputs = ", ".join(_inputs(text, template["main"].split("(")[0]))
        public = f"{{public [{inputs}]}} " if inputs else ""
        source += f"component main {public}= {template['main']};\n"
    (folder / f"{stem}.circom").write_text(source)
    command = ["node", str(MODULES / ".bin" / "circom2"), f"{stem}.circom", "--r1cs", "--sym"]
    subprocess.run(
        [*command, f"--{level}"],
        cwd=folder,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=_COMPILE_SECONDS,
    )
    r1cs = folder / f"{stem}.r1cs"
    return r1cs if r1cs.exists() else None


def _inputs(text: str, template: str) -> list[str]:
    """The names of a template's input signals."""
    bare = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    found = re.search(rf"template\s+{template}\s*\(.*?(?=\btemplate\b|\Z)", bare, re.DOTALL)
    return re.findall(r"signal\s+input\s+(\w+)", found[0]) if found else []


def _json(command: list[str], seconds: float) -> dict[str, Any]:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds)
    tree: dict[str, Any] = json.loads(done.stdout)
    return tree


if __name__ == "__main__":
    main()
