"""Python calls: recursion, methods, a sort key."""
import counted


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


class Point:
    def __init__(self, x):
        self.x = x

    def key(self):
        return -self.x


def unit():
    fibonacci(13)
    sorted([Point(i * 37 % 101) for i in range(100)], key=Point.key)


counted.forever(unit)
