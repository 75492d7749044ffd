"""Loops and generators: little is called, all time is in the evaluation loop."""
import counted


def squares(n):
    for i in range(n):
        yield i * i


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def unit():
    sum(squares(4000))
    for n in range(2, 60):
        collatz(n)


counted.forever(unit)
