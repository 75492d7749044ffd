"""asyncio: three tasks that take turns, each three awaits deep.

Facts:  {"chain": [...]}: the coroutines of every sample in `computed`, innermost first.
Answer: {"shares": {function: share}}.
"""
import asyncio

import common

gettime, thread = common.clock.__defaults__
BLOCK = list(range(30000))
spent = {"computed": 0.0, "summed": 0.0}


async def computed():
    begin = gettime(thread)
    sum(BLOCK)
    spent["computed"] += gettime(thread) - begin


async def summed():
    begin = gettime(thread)
    sum(BLOCK)
    sum(BLOCK)
    spent["summed"] += gettime(thread) - begin


async def awaiting():
    await computed()
    await summed()


async def task(run):
    while run:
        await awaiting()
        common.change_phase()
        await asyncio.sleep(0)


async def all_tasks(run):
    await asyncio.gather(*[task(run) for _ in range(3)])


def main():
    run = common.Run()
    common.ready(chain=["computed", "awaiting", "task"])
    loop = asyncio.new_event_loop()
    loop.run_until_complete(all_tasks(run))
    loop.close()
    common.report(shares=common.shares(spent))


if __name__ == "__main__":
    main()
