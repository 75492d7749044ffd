"""Names that only `threading` knows: one outside ASCII, and one that changes after 0.8 CPU seconds.

Facts:  {"threads": {function: [names in order]}}. Every sample in the function carries one of them.
Answer: {"cpu": {name: seconds}}.
"""
import threading

import common

gettime, thread = common.clock.__defaults__
spent = {}


def spin(run, cpu_seconds=float("inf")):
    name = threading.current_thread().name
    begin = now = gettime(thread)
    x = 0
    while now - begin < cpu_seconds and run:
        for i in range(2000):
            x = (x * 31 + i) % 1000003
        now = gettime(thread)
    spent[name] = now - begin


def in_script(run):
    spin(run)


def in_renamed(run):
    spin(run, 0.8)
    threading.current_thread().name = "after"
    spin(run)


def main():
    run = common.Run()
    threads = [threading.Thread(target=in_script, name="F\u00e4dchen-\u6570", args=(run,)),
               threading.Thread(target=in_renamed, name="before", args=(run,))]
    common.ready(threads={"in_script": ["F\u00e4dchen-\u6570"], "in_renamed": ["before", "after"]})
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    common.report(cpu=spent)


if __name__ == "__main__":
    main()
