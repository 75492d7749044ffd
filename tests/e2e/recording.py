"""What record.py kept, and the arithmetic on it that the properties share."""
import collections
import math
import statistics
import os
import pickle

from interpreters import IN_ROOT, WORKLOADS, Skip

FEWEST_SAMPLES = 300  # of those that a share is taken of
FALSE_ALARM = 1e-4  # probability that a comparison of right shares fails


class Failure(AssertionError):
    """A property does not hold; the text says which."""


def require(condition, text, *arguments):
    if not condition:
        raise Failure(text % arguments if arguments else text)


class Workload:
    """The samples of one process, and what it said of itself."""

    def __init__(self, recording, key, entry):
        self.recording = recording
        self.key = key
        self.pid, self.comm = entry["pid"], entry["comm"]
        self.facts, self.answer, self.samples = entry["facts"], entry["answer"], entry["samples"]

    def count(self, wanted=lambda sample: True):
        """How many samples, or of them those for which wanted(sample) is true."""
        return sum(sample.values[0] for sample in self.samples if wanted(sample))

    def with_function(self, name):
        return [s for s in self.samples if any(f.function == name for f in python_frames(s))]


class Recording:
    def __init__(self, path):
        try:
            with open(path, "rb") as file:
                self._data = pickle.load(file)
        except FileNotFoundError:
            raise SystemExit("no recording %s: record.py makes it" % path)
        if "skip" in self._data:
            raise Skip(self._data["skip"])
        self.interpreter = self._data["interpreter"]
        self.version = tuple(map(int, self._data["version"].split(".")))
        self.version_text = self._data["version"]
        self.free_threaded = self._data["free_threaded"]
        self.comments, self.log = self._data["comments"], self._data["log"]
        self.container, self.container_reason = (self._data["container"],
                                                 self._data["container_reason"])

    def workload(self, key):
        """Raises Skip where it did not run."""
        if key in self._data["skipped"]:
            raise Skip(self._data["skipped"][key])
        return Workload(self, key, self._data["workloads"][key])

    def comment(self, name):
        """The number behind a comment's name, 0 where it is not there."""
        for line in self.comments:
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
        return 0


def python_frames(sample):
    return [frame for frame in sample.frames if frame.mapping == "python"]


def innermost(sample):
    frames = python_frames(sample)
    return frames[0] if frames else None


def described(sample):
    lines = ["%d × %s" % (sample.values[0], sample.labels)]
    lines += ["    %s %s:%d (%s)" % (f.function, f.file, f.line, f.mapping) for f in sample.frames[:15]]
    if len(sample.frames) > 15:
        lines.append("    … %d frames" % len(sample.frames))
    return "\n".join(lines)


def all_samples(samples, wanted, text, at_least=1.0):
    """At least that part of the samples has wanted(sample); the failure shows the first other."""
    total = sum(s.values[0] for s in samples)
    require(total > 0, "%s: there is no sample at all", text)
    others = [s for s in samples if not wanted(s)]
    wrong = sum(s.values[0] for s in others)
    require(total - wrong >= at_least * total, "%s: not so in %d of %d samples, such as\n%s",
            text, wrong, total, described(others[0]) if others else "")


def same_shares(found, expected, fewest=FEWEST_SAMPLES):
    """The counts in `found` have the shares of `expected`: within so many standard errors of a
    binomial distribution that right ones fail once in FALSE_ALARM runs. Three for each would fail
    one of the suite's hundreds of shares in nearly every run."""
    limit = statistics.NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * len(expected)))
    total = sum(found[name] for name in expected)
    require(total >= fewest, "%d samples are too few to compare shares: %s", total, dict(found))
    for name, share in expected.items():
        error = math.sqrt(max(share * (1 - share), 1 / total) / total)
        require(abs(found[name] / total - share) <= limit * error,
                "%s has %.4f of %d samples, %.4f of the CPU time: %.1f standard errors", name,
                found[name] / total, total, share, abs(found[name] / total - share) / error)


def count_by(samples, key):
    counts = collections.Counter()
    for sample in samples:
        value = key(sample)
        if value is not None:
            counts[value] += sample.values[0]
    return counts


def count_innermost(workload, names=lambda frame: frame.function):
    """Samples by innermost Python frame: what CPython itself did for a function counts to it."""
    return count_by(workload.samples, lambda s: names(innermost(s)) if innermost(s) else None)


def source_of(file):
    """The text of one of the workloads, None for another file."""
    path = os.path.join(WORKLOADS, os.path.basename(file))
    if os.path.dirname(file) not in (WORKLOADS, IN_ROOT) or not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as opened:
        return opened.read()
