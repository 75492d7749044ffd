"""A thread that takes a new name each CPU second: "name-0", "name-1", ...

Answer: {"cpu": {name: seconds}}: samples carry the name the thread had at that time.
"""
import common

gettime, thread = common.clock.__defaults__


def main():
    run = common.Run()
    spent, number = {}, 0
    common.name_thread("name-0")
    common.ready()
    while run:
        name = "name-%d" % number
        common.name_thread(name)
        begin = now = gettime(thread)
        x = 0
        while now - begin < 1.0 and run:
            for i in range(2000):
                x = (x * 31 + i) % 1000003
            now = gettime(thread)
        spent[name] = now - begin
        number += 1
    common.report(cpu=spent)


if __name__ == "__main__":
    main()
