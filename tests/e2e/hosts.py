"""Properties of threads, processes, containers and the kernel."""
import re

from interpreters import Skip
from properties import property_of
from recording import all_samples, count_by, innermost, python_frames, require, same_shares

KERNEL = "[kernel.kallsyms]"
LIBRARIES = {"in_zlib": r"libz|zlib", "in_hashlib": r"libcrypto|_hashlib|_sha2|_sha256|libc"}


def samples_by_kind(workload):
    threads = workload.answer["threads"]
    for name, (kind, _) in threads.items():
        samples = [s for s in workload.samples if s.labels.get("thread") == name]
        require(samples, "no sample is of thread %s: %s", name,
                count_by(workload.samples, lambda s: s.labels.get("thread")))
        yield name, kind, samples


@property_of("threads")
def threads_without_the_gil_keep_their_python_frames(recording):
    """Pitfall 29; under musl pitfall 31."""
    for name, kind, samples in samples_by_kind(recording.workload("threads")):
        all_samples(samples, lambda s: any(f.function == kind for f in python_frames(s)),
                    "thread %s shows %s" % (name, kind), at_least=0.99)


@property_of("threads")
def native_code_is_the_leaf_of_its_python_caller(recording):
    """Pitfall 29: the library that a GIL-releasing call spends its time in has a name."""
    for name, kind, samples in samples_by_kind(recording.workload("threads")):
        if kind not in LIBRARIES:
            continue
        running = [s for s in samples if innermost(s) and innermost(s).function == kind
                   and s.frames[0].mapping != KERNEL]
        all_samples(running, lambda s: re.search(LIBRARIES[kind], s.frames[0].mapping) and
                    s.frames[0].function not in ("[unknown]", "[anonymous]") and
                    s.frames[1].mapping == "python",
                    "%s in thread %s is in its library" % (kind, name), at_least=0.9)


@property_of("threads")
def threads_have_the_tid_of_the_kernel(recording):
    workload = recording.workload("threads")
    tids = {}
    for name, _, samples in samples_by_kind(workload):
        tids[name] = {s.labels["tid"] for s in samples}
        require(len(tids[name]) == 1, "thread %s has TIDs %s", name, tids[name])
    require(len(set.union(*tids.values())) == len(tids), "threads share TIDs: %s", tids)
    require(workload.pid not in set.union(*tids.values()), "a thread has the PID as its TID: %s", tids)


@property_of("thread_names")
def names_are_those_of_threading(recording):
    """Pitfall 37: not the kernel's, which are cut at 15 bytes."""
    workload = recording.workload("thread-names")
    name, = workload.facts["threads"]["in_script"]
    all_samples(workload.with_function("in_script"), lambda s: s.labels.get("thread") == name,
                "the thread is called %s" % name, at_least=0.99)


@property_of("thread_names")
def a_renamed_thread_has_its_new_name(recording):
    """Pitfall 51."""
    workload = recording.workload("thread-names")
    before, after = workload.facts["threads"]["in_renamed"]
    found = count_by(workload.with_function("in_renamed"), lambda s: s.labels.get("thread"))
    require(found[after] > 0, "the thread was called %s after %.1f CPU seconds, and %s: %s", after,
            workload.answer["cpu"][before], workload.answer["cpu"], found)
    strangers = set(found) - {before, after, workload.comm}
    require(not strangers, "the thread was never called %s", strangers)


@property_of("kernel")
def kernel_functions_are_the_leaf_above_python(recording):
    """Pitfall 9."""
    workload = recording.workload("kernel")
    leaves = {"read_zero": r"read_iter_zero|read_zero|clear_user|rep_stos|iov_iter_zero",
              "get_random": r"chacha|get_random|copy_to_iter|blake2|crng"}
    for function, leaf in leaves.items():
        samples = [s for s in workload.samples if innermost(s) and innermost(s).function == function]
        all_samples(samples, lambda s: s.frames[0].mapping == KERNEL, "%s is in the kernel" % function,
                    at_least=0.9)
        in_kernel = [s for s in samples if s.frames[0].mapping == KERNEL]
        all_samples(in_kernel, lambda s: re.search(leaf, s.frames[0].function),
                    "%s has the leaf %s" % (function, leaf), at_least=0.9)
        all_samples(in_kernel, lambda s: [f.mapping == KERNEL for f in s.frames] == sorted(
            (f.mapping == KERNEL for f in s.frames), reverse=True),
            "kernel frames stand above all others")


@property_of("kernel")
def kernel_time_counts_to_the_python_function(recording):
    workload = recording.workload("kernel")
    same_shares(count_by(workload.samples, lambda s: innermost(s) and innermost(s).function),
                workload.answer["shares"])


@property_of("waiting")
def a_process_that_waits_has_no_samples(recording):
    workload = recording.workload("waiting")
    require(workload.answer["cpu"] < 0.1, "the workload worked: %s", workload.answer)
    require(workload.count() <= 10, "%d samples of a process that waits", workload.count())


@property_of("labels")
def samples_say_process_and_version(recording):
    version = recording.version_text + ("t" if recording.free_threaded else "")
    # All there before the agent: none of the samples is of the harness that became them.
    for key in ("shares", "lines", "shapes"):
        workload = recording.workload(key)
        all_samples(workload.samples, lambda s: s.labels.get("pid") == workload.pid and
                    s.labels.get("tid") == workload.pid, "%s: pid and tid" % key)
        all_samples([s for s in workload.samples if innermost(s)],
                    lambda s: s.labels.get("comm") == workload.comm, "%s: comm %s" %
                    (key, workload.comm), at_least=0.99)
        all_samples(workload.samples, lambda s: s.labels.get("python") == version,
                    "%s: python %s" % (key, version))


@property_of("labels")
def the_main_thread_has_its_name(recording):
    # Those of the workloads that import threading.
    workload = recording.workload("deep-30")
    all_samples(deep := workload.with_function("bottom"),
                lambda s: s.labels.get("thread", "").startswith("Thread-"), "threading's own name",
                at_least=0.99)
    require(deep, "no samples")


@property_of("labels")
def cpu_time_is_samples_times_period(recording):
    workload = recording.workload("shares")
    count, cpu_ns = workload.count(), sum(s.values[1] for s in workload.samples)
    period = 1e9 / 1999
    # Ticks that the kernel skipped are weighed into the next sample.
    require(count * period * 0.999 <= cpu_ns <= count * period * 1.1,
            "%d samples weigh %d ns, with a period of %d ns", count, cpu_ns, period)


@property_of("labels")
def samples_name_the_container(recording):
    if not recording.container:
        raise Skip("no container's cgroup: " + recording.container_reason)
    all_samples(recording.workload("lines").samples,
                lambda s: s.labels.get("container") == recording.container,
                "the container is %s" % recording.container)
    all_samples(recording.workload("shares").samples,
                lambda s: s.labels.get("container") != recording.container,
                "a process outside the container does not have its label")
