"""Properties of names, lines and shares."""
import ast
import collections

from properties import property_of
from recording import (all_samples, count_by, count_innermost, innermost, python_frames, require,
                       same_shares, source_of)


def shares_by_function(workload, also=None):
    """`also`: a function whose samples count to another's name."""
    expected = workload.answer["shares"]
    found = count_innermost(workload, lambda f: (also or {}).get(f.function, f.function))
    require(sum(found[name] for name in expected) >= 0.6 * workload.count(),
            "%s: its functions are the innermost frame in too few samples: %s", workload.key, found)
    same_shares(found, expected)


@property_of("shares")
def functions_have_their_shares(recording):
    shares_by_function(recording.workload("shares"))


@property_of("shapes")
def every_kind_of_code_has_its_name_and_share(recording):
    """Generators, coroutines, comprehensions, lambdas, executed code, methods."""
    workload = recording.workload("shapes")
    # Making the class and the list is their functions' work, and was measured with their bodies.
    body = "class_body.<locals>.Body" if recording.version >= (3, 11) else "Body"
    also = {"class_body": body}
    if not workload.answer["inlined"]:
        also["comprehension"] = ("comprehension.<locals>.<listcomp>"
                                 if recording.version >= (3, 11) else "<listcomp>")
    shares_by_function(workload, also)
    if recording.version >= (3, 11):
        found = count_innermost(workload)
        for name in ("Class.method", "make_closure.<locals>.closure", "class_body.<locals>.Body"):
            require(found[name] > 0, "no sample in %s: %s", name, found)


@property_of("lines")
def hot_lines_have_their_shares(recording):
    workload = recording.workload("lines")
    places = {tuple(place): label for label, place in workload.facts["lines"].items()}
    same_shares(count_innermost(workload, lambda f: places.get((f.function, f.file, f.line))),
                workload.answer["shares"])


@property_of("lines")
def no_sample_falls_on_a_line_that_is_never_run(recording):
    workload = recording.workload("lines")
    hot = {tuple(place) for place in workload.facts["lines"].values()}
    far = [line for function, _, line in hot if function == "far"]
    near = [line for function, _, line in hot if function == "near"]
    # The clock is read on the line before and behind each hot one; two more keep the account. The
    # first instruction stands on the line of `def`.
    allowed = {"far": {line + step for line in far for step in (-1, 0, 1)} | {max(far) + 2, max(far) + 3},
               "near": set(range(min(near) - 1, max(near) + 4))}
    for name, lines in allowed.items():
        all_samples([s for s in workload.samples if innermost(s) and innermost(s).function == name],
                    lambda s: innermost(s).line in lines | {innermost(s).start_line}, "%s runs lines %s" % (name, sorted(lines)))


@property_of("lines")
def nearly_all_time_is_on_hot_lines(recording):
    workload = recording.workload("lines")
    hot = {tuple(place) for place in workload.facts["lines"].values()}
    all_samples([s for s in workload.samples if innermost(s)],
                lambda s: (innermost(s).function, innermost(s).file, innermost(s).line) in hot,
                "the innermost line is a hot one", at_least=0.85)


def first_lines(text):
    """First lines by name (its last component) of all code in a file, as CPython counts them."""
    found = collections.defaultdict(set)
    found["<module>"] = {0, 1}
    special = {ast.Lambda: "<lambda>", ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>",
               ast.DictComp: "<dictcomp>", ast.GeneratorExp: "<genexpr>"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            decorated = [decorator.lineno for decorator in node.decorator_list]
            found[node.name].add(min(decorated + [node.lineno]))
        elif type(node) in special:
            found[special[type(node)]].add(node.lineno)
    return found


@property_of("first_lines")
def functions_know_where_they_begin(recording):
    checked = set()
    for key in ("shares", "lines", "shapes", "callbacks", "tasks"):
        for sample in recording.workload(key).samples:
            for frame in python_frames(sample):
                text = source_of(frame.file)
                if text is None or frame in checked:
                    continue
                checked.add(frame)
                if frame.function == "<module>" and recording.version < (3, 8):
                    continue  # its first line is that of a statement
                wanted = first_lines(text)[frame.function.rpartition(".")[2]]
                require(frame.start_line in wanted, "%s of %s begins at line %s, not %d",
                        frame.function, frame.file, sorted(wanted), frame.start_line)
    require(len(checked) > 30, "only %d places were seen", len(checked))


@property_of("callbacks")
def functions_called_from_c_have_their_shares(recording):
    shares_by_function(recording.workload("callbacks"))


@property_of("callbacks")
def the_caller_of_a_callback_is_the_next_frame(recording):
    """Through sorted(key=), re.sub, functools.partial and reduce, and map."""
    workload = recording.workload("callbacks")
    for callee, caller in workload.facts["pairs"].items():
        samples = [s for s in workload.samples if innermost(s) and innermost(s).function == callee]
        # re.sub is Python code itself.
        through = ["sub", caller] if callee == "replace" else [caller]
        all_samples(samples, lambda s: [f.function for f in python_frames(s)][1:len(through) + 1] ==
                    through, "%s is called by %s" % (callee, through))


@property_of("odd_names")
def a_function_named_as_a_shim_is_shown(recording):
    """Pitfall 12."""
    shares_by_function_or_line(recording.workload("odd-names"))


@property_of("odd_names")
def two_lambdas_of_one_function_keep_their_lines(recording):
    """Pitfall 34."""
    workload = recording.workload("odd-names")
    lines = set(workload.facts["lambdas"].values())
    samples = [s for s in workload.samples
               if innermost(s) and innermost(s).function.endswith("<lambda>")
               and source_of(innermost(s).file) and "odd_names" in innermost(s).file]
    all_samples(samples, lambda s: innermost(s).line in lines and
                innermost(s).line == innermost(s).start_line, "a lambda's line is its own")


def shares_by_function_or_line(workload):
    labels = {line: label for label, line in workload.facts["lambdas"].items()}
    same_shares(count_innermost(workload, lambda f: labels.get(f.line, f.function)
                                if f.function.endswith("<lambda>") else f.function),
                workload.answer["shares"])


def as_written(text):
    """A lone surrogate cannot stand in UTF-8; the agent replaces it, by U+FFFD or "?"."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\ufffd", "?")


@property_of("unicode")
def names_in_any_script_have_their_shares(recording):
    """Pitfall 37."""
    shares_by_function(recording.workload("unicode"))


@property_of("unicode")
def files_in_any_script_have_their_lines(recording):
    """Pitfall 37."""
    workload = recording.workload("unicode")
    for name, (file, line) in workload.facts["functions"].items():
        samples = [s for s in workload.samples if innermost(s) and innermost(s).function == name]
        all_samples(samples, lambda s: as_written(innermost(s).file) == as_written(file) and
                    innermost(s).line in (line, innermost(s).start_line), "%s stands in %s:%d" % (name, ascii(file), line))


@property_of("reuse")
def code_in_memory_used_again_has_its_own_names(recording):
    """Pitfall 33."""
    each_has_its_own_names(recording.workload("reuse"))


@property_of("reuse_renamed")
def code_whose_names_have_no_hash_has_its_own_names(recording):
    """Pitfall 33."""
    each_has_its_own_names(recording.workload("reuse-renamed"))


def each_has_its_own_names(workload):
    prefix, file = workload.facts["function"], workload.facts["file"]
    made = [s for s in workload.samples if innermost(s) and innermost(s).function.startswith(prefix)]
    all_samples(made, lambda s: innermost(s).file ==
                "%s%s.py" % (file, innermost(s).function[len(prefix):]),
                "the number in a function's name is that in its file's")
    all_samples(made, lambda s: 1 <= innermost(s).line <= 6, "a function of 6 lines")


@property_of("reuse")
def no_function_has_its_neighbours_samples(recording):
    """Pitfall 33."""
    none_has_its_neighbours_samples(recording, recording.workload("reuse"))


@property_of("reuse_renamed")
def no_function_without_hashes_has_its_neighbours_samples(recording):
    """Pitfall 33."""
    none_has_its_neighbours_samples(recording, recording.workload("reuse-renamed"))


def none_has_its_neighbours_samples(recording, workload):
    """Each function runs for 2 ms of CPU time, thus for 4 periods of the sampler."""
    prefix = workload.facts["function"]
    counts = count_by(workload.samples, lambda s: innermost(s).function if innermost(s) and
                      innermost(s).function.startswith(prefix) else None)
    calls = workload.answer["calls"]
    require(workload.answer["addresses"] < calls, "the workload does not use memory again: %s",
            workload.answer)
    # What the agent lost, it counted: no more functions may be missing than samples are.
    lost = recording.comment('profd.lost{reason="ring_full"}')
    require(len(counts) >= 0.97 * calls - lost, "%d functions ran, %d have samples, %d were lost",
            calls, len(counts), lost)
    crowded = {name: count for name, count in counts.items() if count >= 8}
    require(len(crowded) <= 0.01 * calls, "as many samples as two functions have: %s", crowded)


@property_of("tasks")
def coroutines_show_who_awaits_them(recording):
    """asyncio."""
    workload = recording.workload("tasks")
    shares_by_function(workload)
    chain = workload.facts["chain"]
    samples = [s for s in workload.samples if innermost(s) and innermost(s).function == chain[0]]
    all_samples(samples, lambda s: [f.function for f in python_frames(s)][:len(chain)] == chain,
                "the coroutines of a task are %s" % chain)


@property_of("greenlets")
def greenlets_have_their_shares(recording):
    """Pitfall 39."""
    workload = recording.workload("greenlets")
    shares_by_function(workload)
    samples = [s for s in workload.samples if innermost(s) and innermost(s).function in ("ping", "pong")]
    all_samples(samples, lambda s: len(python_frames(s)) == 1 and s.frames[-1].mapping == "python",
                "a greenlet's function is its outermost frame")


@property_of("jit")
def compiled_traces_keep_functions_and_shares(recording):
    """CPython's own JIT (3.14+): a trace has no place that maps back to a line, but its frames do
    stand on the stack."""
    shares_by_function(recording.workload("jit"))
