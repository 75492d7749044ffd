"""Properties of whole stacks."""
from properties import property_of
from recording import all_samples, count_by, innermost, python_frames, require

FRAME_LIMIT = 1024  # PROFD_MAX_PY_FRAMES
THREAD_ROOTS = ("_bootstrap", "Thread._bootstrap")


def reaches_a_root(sample):
    outermost = sample.frames[-1]
    return (outermost.mapping == "python" and
            (outermost.function == "<module>" or outermost.function in THREAD_ROOTS))


@property_of("whole")
def stacks_go_down_to_the_module_or_the_thread(recording):
    """Of processes that were there before the agent and after it: no start, no end. Neither
    [torn] nor [truncated] nor [no Python frames] is such a root."""
    samples = [sample for key in ("shares", "lines", "shapes", "threads", "deep-30", "deep-300")
               for sample in recording.workload(key).samples]
    all_samples(samples, reaches_a_root, "the outermost frame is a root", at_least=0.999)
    all_samples(samples, lambda s: all(f.function != "[unnamed function]" for f in s.frames),
                "every frame has a name", at_least=0.999)


@property_of("whole")
def no_frame_is_without_function_or_file(recording):
    for key in ("shares", "threads", "deep-300"):
        all_samples(recording.workload(key).samples,
                    lambda s: all(f.function and f.file and f.line > 0 for f in python_frames(s)),
                    "%s: each Python frame has a function, a file and a line" % key)


def deep_samples(workload):
    """Those of `bottom` itself, not of what it calls."""
    return [s for s in workload.samples if innermost(s) and innermost(s).function == "bottom"]


def check_depth(recording, depth):
    workload = recording.workload("deep-%d" % depth)
    frames = workload.facts["frames"]
    all_samples(deep_samples(workload), lambda s: len(python_frames(s)) == frames,
                "a stack has its %d frames (pitfall 28)" % frames, at_least=0.999)
    all_samples(deep_samples(workload), reaches_a_root, "the outermost frame is the thread's",
                at_least=0.999)


@property_of("deep")
def stacks_of_30_frames_are_whole(recording):
    """Pitfall 28."""
    check_depth(recording, 30)


@property_of("deep")
def stacks_of_300_frames_are_whole(recording):
    check_depth(recording, 300)


@property_of("deep")
def stacks_of_1000_frames_are_whole(recording):
    """Pitfall 10."""
    check_depth(recording, 1000)


@property_of("deep")
def stacks_over_the_limit_say_so(recording):
    workload = recording.workload("deep-1500")
    require(workload.facts["frames"] > FRAME_LIMIT, "%s", workload.facts)
    samples = deep_samples(workload)
    all_samples(samples, lambda s: len(python_frames(s)) == FRAME_LIMIT and
                s.frames[-1].function == "[truncated]",
                "the innermost %d frames, and [truncated] below" % FRAME_LIMIT, at_least=0.999)
    counted = recording.comment('profd.imperfect{reason="stack_truncated"}')
    require(counted >= sum(s.values[0] for s in samples), "%d stacks are counted as truncated", counted)


@property_of("reentries")
def frames_behind_300_entries_from_c_are_all_there(recording):
    """Pitfall 11."""
    workload = recording.workload("reentries")
    frames = workload.facts["frames"]
    samples = [s for s in workload.samples if innermost(s) and innermost(s).function == "innermost"]
    all_samples(samples, lambda s: len(python_frames(s)) == frames and reaches_a_root(s),
                "a stack has its %d frames" % frames, at_least=0.999)


@property_of("interpreters")
def a_thread_in_three_interpreters_shows_all_frames(recording):
    """Pitfall 32."""
    workload = recording.workload("interpreters")
    wanted = ["inner", "<module>", "middle", "<module>", "outer", "main", "<module>"]
    samples = workload.with_function("inner")
    require(sum(s.values[0] for s in samples) >= 300, "too few samples in inner: %s",
            count_by(workload.samples, lambda s: s.frames[0].function))
    all_samples(samples, lambda s: [f.function for f in python_frames(s)][-len(wanted):] == wanted,
                "the frames are %s" % wanted, at_least=0.99)


@property_of("perf_trampoline")
def each_call_appears_once(recording):
    """Pitfall 43: -X perf puts a native trampoline beside each Python frame."""
    workload = recording.workload("perf-trampoline")
    for name in ("sixty", "thirty", "ten"):
        all_samples(workload.with_function(name),
                    lambda s: sum(name in f.function for f in s.frames) == 1,
                    "%s is once in each stack" % name)
