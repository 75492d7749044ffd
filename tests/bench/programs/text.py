"""Work inside C code: JSON, regular expressions, dictionaries, compression."""
import json
import re
import zlib

import counted

WORD = re.compile(r"[a-z]+\d+")
ROWS = [{"id": i, "name": "row%d" % i, "tags": ["a%d" % i, "b"]} for i in range(40)]


def count_words(text):
    words = {}
    for word in WORD.findall(text):
        words[word] = words.get(word, 0) + 1
    return words


def unit():
    text = json.dumps(ROWS)
    count_words(text)
    json.loads(zlib.decompress(zlib.compress(text.encode(), 1)).decode())


counted.forever(unit)
