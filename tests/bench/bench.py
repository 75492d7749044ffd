"""See scripts/bench."""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import agents
import measure
import rows_agent
import rows_kernel
import rows_output
import rows_page
import rows_target
import targets

ROWS = {
    "target": rows_target.cost_to_target,
    "cpu": rows_agent.cpu_per_sample,
    "kernel": rows_kernel.in_kernel,
    "births": rows_output.births,
    "memory": rows_agent.memory,
    "growth": rows_agent.growth,
    "start": rows_agent.start,
    "files": rows_output.files,
    "page": rows_page.page,
}


@dataclasses.dataclass
class Settings:
    python: str
    kernel_pythons: dict
    rounds: int
    window: float         # seconds
    kernel_window: float  # seconds
    full: bool


def settings_of(options):
    found = targets.interpreters()
    if not found:
        sys.exit("bench: no CPython found\nhint: set PROFD_TEST_PYTHONS=/usr/bin/python3")
    wanted = [version for version in ((3, 8), (3, 11), (3, 13)) if version in found]
    python = options.python or found.get((3, 11)) or found[max(found)]
    kernel_pythons = {v: found[v] for v in wanted} or {max(found): found[max(found)]}
    if options.quick:
        version = (3, 11) if (3, 11) in kernel_pythons else max(kernel_pythons)
        return Settings(python, {version: kernel_pythons[version]}, 1, 1, 1, False)
    return Settings(python, kernel_pythons, options.rounds, 1.5, 1, options.full)


def machine():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {"cpu": models[0] if models else platform.machine(), "cpus": os.cpu_count(),
            "kernel": platform.release(), "load": os.getloadavg()[0]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--profd", type=pathlib.Path, required=True)
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    options = parser.parse_args()
    for name in options.rows:
        if name not in ROWS:
            sys.exit("bench: no row %r\nhint: rows are %s" % (name, ", ".join(ROWS)))
    settings = settings_of(options)
    agents.Profd.binary = options.profd.resolve()
    agents.PySpy.install(options.peers)

    about = machine()
    about["profd"] = subprocess.run([str(options.profd), "--version"], stdout=subprocess.PIPE,
                                    text=True).stdout.strip()
    about["peer"] = agents.PySpy.version() if agents.PySpy.binary else "py-spy: not installable"
    about["python"] = settings.python
    print("%(profd)s, %(peer)s; %(cpus)d × %(cpu)s, Linux %(kernel)s, load %(load).1f" % about)

    rows, failed = [], {}
    for name in options.rows or ROWS:
        begin = time.monotonic()
        try:
            measured = ROWS[name](settings)
            rows += measured
            print(measure.table(measured), flush=True)
        except KeyboardInterrupt:
            failed[name] = "interrupted"
            break
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            failed[name] = str(error)  # the other rows are still worth having
        print("bench: %s took %.0f s%s" % (name, time.monotonic() - begin,
                                           ", FAILED" if name in failed else ""), file=sys.stderr)
    for name, error in failed.items():
        print("\n%s: not measured: %s" % (name, error))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(
            {"machine": about, "quick": options.quick, "rows": [row.json() for row in rows],
             "failed": failed}, indent=1, ensure_ascii=False) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
