"""Stacks that change all the time, as a server's do: about 30 frames deep, thousands of them
different. varied.py FD"""
import random

import counted

SOURCE = """
def handler_{0}(depth, choose, handlers):
    if depth == 0:
        x = 0
        for i in range(300):
            x = (x * 31 + i) % 1000003
        return x
    if choose() < 0.5:
        return handlers[int(choose() * 40)](depth - 1, choose, handlers)
    y = handlers[int(choose() * 40)](depth - 1, choose, handlers)
    return y + 1
"""

space = {}
for number in range(40):
    exec(compile(SOURCE.format(number), "handlers/module_%d.py" % number, "exec"), space)
HANDLERS = [space["handler_%d" % number] for number in range(40)]
CHOOSE = random.Random(1).random
SEQUENCE = [CHOOSE() for _ in range(997)]


class Chooser:
    """Of a few thousand paths, so that stacks come again."""

    def __init__(self):
        self.path, self.at = 0, 0

    def __call__(self):
        self.at += 1
        return SEQUENCE[(self.path * 61 + self.at) % 997]


chooser = Chooser()


def unit():
    chooser.path = (chooser.path + 1) % 500
    chooser.at = 0
    for _ in range(20):
        HANDLERS[chooser.path % 40](28, chooser, HANDLERS)


counted.forever(unit)
