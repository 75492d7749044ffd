#!/usr/bin/env python3
"""Checks that includes only point down the floors of the house (docs/internals.md).

usage: check_layers.py [ROOT]         exit 1 and a line per fault if an include breaks the order
       check_layers.py --self-test    proves on made-up trees that each rule can fail
"""
import os
import re
import sys
import tempfile

# Lowest first. Folders on one line may not include each other.
FLOORS = [
    ["bpf", "proto"],
    ["symbolizer/text"],
    ["symbolizer/process"],
    ["symbolizer/elf"],
    ["symbolizer/cpython", "symbolizer/native"],
    ["symbolizer"],
    ["userspace/text", "userspace/page"],
    ["userspace/profile"],
    ["userspace/export"],
    ["userspace/analysis"],
    ["userspace/formats"],
    ["userspace/collector"],
    ["userspace/sampling"],
    ["userspace/views"],
    ["userspace/agent", "userspace/record"],
    ["userspace/cli"],
]
# Plain vocabulary that any floor may name.
VOCABULARY = {"symbolizer/frame.h"}
# The kernel boundary: the only headers of bpf/ that are not the kernel's alone.
SHARED_BPF_HEADERS = {"bpf/code_tag.h", "bpf/events.h"}
# Compiles the kernel's walkers natively.
NATIVE_WALKERS = {"userspace/sampling/native_walk.c"}

RANK = {folder: rank for rank, floor in enumerate(FLOORS) for folder in floor}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
SOURCE = (".h", ".c", ".cc")


def folder_of(path):
    """The longest folder of FLOORS that holds `path`, or None."""
    parts = path.split("/")[:-1]
    while parts:
        if "/".join(parts) in RANK:
            return "/".join(parts)
        parts.pop()
    return None


def sources(root):
    for top in ("bpf", "proto", "symbolizer", "userspace"):
        for directory, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith(SOURCE):
                    yield os.path.relpath(os.path.join(directory, name), root).replace(os.sep, "/")


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = COMMENT.sub(lambda match: "\n" * match.group().count("\n"), file.read())
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1) == "<", match.group(2)


def resolve(root, path, name):
    """The file of ours that an include names: from the root, or beside the includer."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name)).replace(os.sep, "/")
    for candidate in (name, beside):
        if folder_of(candidate) and os.path.exists(os.path.join(root, candidate)):
            return candidate
    # Generated headers (skeletons, protobuf) exist in the build folder only.
    return name if folder_of(name) else None


def rule_order(path, target):
    if target in VOCABULARY:
        return None
    here, there = folder_of(path), folder_of(target)
    if here == there or RANK[there] < RANK[here]:
        return None
    return "%s stands %s %s" % (there, "beside" if RANK[there] == RANK[here] else "above", here)


def rule_foreign(path, name):
    """Headers of other people that belong to one folder."""
    here = folder_of(path)
    if name.startswith("bcc/") or os.path.basename(name) in ("bcc_syms.h", "bcc_proc.h", "bcc_elf.h"):
        return None if here == "symbolizer/native" else "BCC is for symbolizer/native only"
    base = os.path.basename(name)
    if base == "vmlinux.h" or name.startswith("bpf/bpf_") and base in (
            "bpf_helpers.h", "bpf_core_read.h", "bpf_tracing.h", "bpf_helper_defs.h", "bpf_endian.h"):
        return None if here == "bpf" else "headers of BPF programs are for bpf/ only"
    if name in ("bpf/bpf.h", "bpf/libbpf.h", "bpf/btf.h") or base.endswith(".skel.h"):
        return None if here == "userspace/collector" else "libbpf is for userspace/collector only"
    return None


def rule_kernel_headers(path, target):
    if path in NATIVE_WALKERS:
        return None
    if target and folder_of(target) == "bpf" and folder_of(path) != "bpf":
        if target not in SHARED_BPF_HEADERS and not target.endswith(".skel.h"):
            return "user space may include of bpf/ only " + ", ".join(sorted(SHARED_BPF_HEADERS))
    return None


def circles(graph):
    """One line per circle of files, found by depth-first search."""
    found, state = [], {}

    def visit(node, trail):
        state[node] = "open"
        for target in sorted(graph.get(node, ())):
            if state.get(target) == "open":
                found.append(" -> ".join(trail[trail.index(target):] + [target]))
            elif target not in state:
                visit(target, trail + [target])
        state[node] = "done"

    for node in sorted(graph):
        if node not in state:
            visit(node, [node])
    return found


def check(root):
    faults, graph, seen = [], {}, 0
    for path in sources(root):
        if folder_of(path) is None:
            faults.append("%s: in no folder of the layer list" % path)
            continue
        seen += 1
        for line, angled, name in includes(root, path):
            # <bpf/libbpf.h> is libbpf's, "bpf/events.h" is ours, and so is <bpf/events.h>.
            ours = not angled or os.path.exists(os.path.join(root, name))
            target = resolve(root, path, name) if ours else None
            complaints = [rule_foreign(path, name)]
            if target and not complaints[0]:
                complaints.append(rule_order(path, target))
                complaints.append(rule_kernel_headers(path, target))
                graph.setdefault(path, set()).add(target)
            for complaint in complaints:
                if complaint:
                    faults.append("%s:%d: includes %s: %s" % (path, line, name, complaint))
    faults += ["circle of includes: " + circle for circle in circles(graph)]
    return faults, seen


# name, files, what the complaint must contain (None: the tree is sound)
SELF_TESTS = [
    ("sound tree", {
        "bpf/events.h": "#include <stdint.h>\n",
        "bpf/cpu.bpf.c": '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include "maps.bpf.h"\n',
        "bpf/maps.bpf.h": '#include "bpf/events.h"\n',
        "symbolizer/frame.h": "",
        "symbolizer/elf/a.cc": '#include "bpf/events.h"\n#include "symbolizer/process/p.h"\n',
        "symbolizer/cpython/b.cc": '#include "symbolizer/elf/a.h"\n#include "symbolizer/frame.h"\n',
        "symbolizer/native/n.cc": "#include <bcc/bcc_syms.h>\n",
        "userspace/collector/s.cc": '#include <bpf/libbpf.h>\n#include "cpu.skel.h"\n'
                                    '// #include "userspace/cli/x.h"\n',
        "userspace/cli/x.cc": '#include "userspace/agent/y.h"\n#include "absl/status/status.h"\n',
    }, None),
    ("upward", {"symbolizer/elf/a.cc": '#include "userspace/profile/p.h"\n'}, "above"),
    ("upward, relative", {"userspace/profile/p.h": "",
                          "symbolizer/elf/a.cc": '#include "../../userspace/profile/p.h"\n'}, "above"),
    ("upward inside the symbolizer", {"symbolizer/elf/a.cc": '#include "symbolizer/cpython/l.h"\n'}, "above"),
    ("sideways", {"symbolizer/native/a.cc": '#include "symbolizer/cpython/l.h"\n'}, "beside"),
    ("upward in angle brackets", {"userspace/profile/p.h": "",
                                  "symbolizer/elf/a.cc": "#include <userspace/profile/p.h>\n"}, "above"),
    ("spaced directive", {"userspace/profile/p.cc": '#  include  "userspace/cli/c.h"\n'}, "above"),
    ("bcc elsewhere", {"symbolizer/elf/a.cc": "#include <bcc/bcc_syms.h>\n"}, "BCC"),
    ("vmlinux elsewhere", {"userspace/collector/a.cc": '#include "vmlinux.h"\n'}, "BPF programs"),
    ("BPF helpers elsewhere", {"symbolizer/elf/a.cc": "#include <bpf/bpf_helpers.h>\n"}, "BPF programs"),
    ("libbpf elsewhere", {"userspace/cli/a.cc": "#include <bpf/libbpf.h>\n"}, "libbpf"),
    ("skeleton elsewhere", {"userspace/agent/a.cc": '#include "bpf/cpu.skel.h"\n'}, "libbpf"),
    ("kernel header in user space", {"bpf/maps.bpf.h": "",
                                     "userspace/collector/a.cc": '#include "bpf/maps.bpf.h"\n'}, "include of bpf/ only"),
    ("circle", {"userspace/agent/a.h": '#include "userspace/agent/b.h"\n',
                "userspace/agent/b.h": '#include "a.h"\n'}, "circle"),
    ("stray folder", {"userspace/misc/a.cc": "\n"}, "no folder"),
]


def self_test():
    failures = 0
    for name, files, expected in SELF_TESTS:
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            faults, _ = check(root)
        fine = not faults if expected is None else len(faults) == 1 and expected in faults[0]
        if not fine:
            failures += 1
            print("self-test '%s': expected %s, got %s" % (name, expected or "no fault", faults))
    print("self-test: %d of %d trees judged right" % (len(SELF_TESTS) - failures, len(SELF_TESTS)))
    return failures == 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 0 if self_test() else 1
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    faults, seen = check(root)
    for fault in faults:
        print(fault)
    print("%d files, %d faults" % (seen, len(faults)))
    # An empty tree proves nothing: the root was wrong.
    return 1 if faults or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
