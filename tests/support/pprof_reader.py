"""Reads pprof files without any code of profd's: the protobuf wire format by hand.

Field numbers: google/pprof's proto/profile.proto. tests/e2e/reader_test.py holds this against
`go tool pprof`.
"""
import collections
import gzip

Frame = collections.namedtuple("Frame", "function file line start_line mapping")
Sample = collections.namedtuple("Sample", "frames labels values")  # frames: leaf first
Profile = collections.namedtuple("Profile", "samples sample_types comments period_ns duration_ns")

VARINT, BYTES = 0, 2


def _varint(data, position):
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


def _fields(data):
    """(number, value) of each field of a message; value is an int or bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        if key & 7 == VARINT:
            value, position = _varint(data, position)
        elif key & 7 == BYTES:
            length, position = _varint(data, position)
            value, position = data[position:position + length], position + length
        else:
            raise ValueError("wire type %d is not in profile.proto" % (key & 7))
        yield key >> 3, value


def _numbers(value):
    """A repeated integer, packed or not."""
    if isinstance(value, int):
        return [value]
    numbers, position = [], 0
    while position < len(value):
        number, position = _varint(value, position)
        numbers.append(number)
    return numbers


def _repeated(message, number):
    return [n for value in message[number] for n in _numbers(value)]


def read(path):
    """The profile in one gzip file."""
    with gzip.open(path) as file:
        message = collections.defaultdict(list)
        for number, value in _fields(file.read()):
            message[number].append(value)
    strings = [value.decode("utf-8") for value in message[6]]
    mappings = {0: ""}
    for data in message[3]:
        mapping = dict(_fields(data))
        mappings[mapping[1]] = strings[mapping.get(5, 0)]
    functions = {}
    for data in message[5]:
        function = dict(_fields(data))
        functions[function[1]] = (strings[function.get(2, 0)], strings[function.get(4, 0)],
                                  function.get(5, 0))
    locations = {}
    for data in message[4]:
        key, mapping, frames = 0, 0, []
        for number, value in _fields(data):
            if number == 1:
                key = value
            elif number == 2:
                mapping = value
            elif number == 4:
                line = dict(_fields(value))
                name, file_name, start = functions[line[1]]
                frames.append((name, file_name, line.get(2, 0), start))
        locations[key] = [Frame(*frame, mappings[mapping]) for frame in frames]
    samples = []
    for data in message[2]:
        sample = collections.defaultdict(list)
        for number, value in _fields(data):
            sample[number].append(value)
        labels = {}
        for value in sample[3]:
            label = dict(_fields(value))
            labels[strings[label[1]]] = strings[label[2]] if 2 in label else label.get(3, 0)
        frames = tuple(frame for key in _repeated(sample, 1) for frame in locations[key])
        samples.append(Sample(frames, labels, tuple(_repeated(sample, 2))))
    types = [strings[dict(_fields(value)).get(1, 0)] for value in message[1]]
    comments = [strings[index] for index in _repeated(message, 13)]
    return Profile(samples, types, comments, *[(message[n] or [0])[0] for n in (12, 10)])
