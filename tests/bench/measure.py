"""Clocks of processes, statistics, and the one shape in which a row is told."""
import dataclasses
import os
import statistics
import time


def cpu_seconds(pid):
    """CPU time of a process, all its threads, living and ended."""
    return time.clock_gettime((~pid << 3) | 2)  # the kernel's MAKE_PROCESS_CPUCLOCK(pid, SCHED)


def rss_mib(pid):
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise OSError("no VmRSS")


def python_processes():
    """How many processes of this host run a python: those of others count in memory and growth."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            count += "python" in os.readlink("/proc/%s/exe" % pid)
        except OSError:
            pass
    return count


@dataclasses.dataclass
class Row:
    """One line of the table. `values`: one of each round."""
    group: str
    what: str
    unit: str
    values: list
    goal: str = ""
    met: bool | None = None  # None: no goal, or not to be judged
    note: str = ""

    @property
    def median(self):
        return statistics.median(self.values)

    def json(self):
        return {"group": self.group, "what": self.what, "unit": self.unit,
                "median": self.median, "low": min(self.values), "high": max(self.values),
                "rounds": len(self.values), "values": self.values, "goal": self.goal,
                "met": self.met, "note": self.note}


def judged(row, at_most=None, at_least=None):
    """Fills in the goal and whether the median keeps it."""
    if at_most is not None:
        row.goal, row.met = "≤ %g" % at_most, row.median <= at_most
    if at_least is not None:
        row.goal, row.met = "≥ %g" % at_least, row.median >= at_least
    return row


def number(value):
    if value == 0 or abs(value) >= 1000:
        return "%.0f" % value
    return "%.4g" % value


def table(rows):
    head = ("what", "median", "lowest … highest", "unit", "goal", "")
    lines = [head]
    for row in rows:
        verdict = {None: "", True: "kept", False: "MISSED"}[row.met]
        lines.append((row.what, number(row.median),
                      "%s … %s (%d)" % (number(min(row.values)), number(max(row.values)),
                                        len(row.values)),
                      row.unit, row.goal, verdict))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text, group = [], None
    for line, row in zip(lines, [None] + rows):
        if row is not None and row.group != group:
            group = row.group
            text.append("\n" + group)
        text.append("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        if row is not None and row.note:
            text.append("      " + row.note)
    return "\n".join(text)
